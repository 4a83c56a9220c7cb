// A model's TypeScript with a mistake: the second customer has no address.
interface Customer {
  name: string;
  address?: { city: string };
}

interface Invoice {
  customer: Customer;
  lines: { text: string; amount: number }[];
}

function label(invoice: Invoice): string {
  const total: number = invoice.lines.reduce((sum, line) => sum + line.amount, 0);
  return `${invoice.customer.name}, ${invoice.customer.address!.city}: ${total.toFixed(2)}`;
}

const invoices: Invoice[] = [
  { customer: { name: 'Ada', address: { city: 'London' } }, lines: [{ text: 'engine', amount: 1200 }] },
  { customer: { name: 'Grace' }, lines: [{ text: 'compiler', amount: 800 }] },
];

for (const invoice of invoices) {
  console.log(label(invoice));
}
