// stdout: 1 done

const wait = <T>(ms: number, v: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(v), ms));
const one: number = await wait(1, 1);
console.log(one, await wait(1, 'done'));
