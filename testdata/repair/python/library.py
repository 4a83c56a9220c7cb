import tools
from dataclasses import dataclass


@dataclass
class Loan:
    title: str
    days: int
    returned: bool

    def fine(self):
        late = max(0, self.days - 14)
        return late * 0.5


def overdue(loans, limit):
    late = []
    for loan in loans:
        if loan.days > limit and not loan.returned:
            late.append(loan.title)
    return late


def shelf(titles):
    rows = {}
    for title in titles:
        books = tools.lookup(title=title, limit=2)
        rows[title] = books["books"]
    return rows


loans = [Loan("Dune", 20, False), Loan("Emma", 3, False), Loan("Ulysses", 40, True)]
names = overdue(loans, 14)
rows = shelf(["Dune", "Emma"])
fines = sum(loan.fine() for loan in loans)
queue = list(names)
served = 0
while queue:
    queue.pop()
    served += 1
people = 2
per_person = fines / people
assert names == ["Dune"]
assert served == 1
assert fines == 16.0
assert len(rows["Dune"]) == 2
print(per_person, sorted(rows))
