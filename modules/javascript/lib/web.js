module.exports = { globals: {} };
