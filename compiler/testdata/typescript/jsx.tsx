const h = (tag: string, ...rest: unknown[]) => [tag, rest];
const view = <div className="a">it's {1}</div>;
