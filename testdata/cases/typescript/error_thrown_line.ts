// stdout: checking

type Check = (n: number) => void;

class LimitError extends Error {
  constructor(
    public limit: number,
    message: string,
  ) {
    super(message);
    this.name = 'LimitError';
  }
}

const check: Check = (n) => {
  console.log('checking');
  throw new LimitError(n, `over ${n}`); // error: LimitError: over 3
};
check(3);
