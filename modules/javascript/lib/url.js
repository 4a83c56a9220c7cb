module.exports = { globals: {}, node: {} };
