// stdout: [ 'rejected', 'fulfilled' ]

console.log((await Promise.allSettled([tools.fail(), tools.search('a')])).map((r) => r.status));
