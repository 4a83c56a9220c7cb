// result: 5

export const answer = 5;
