// stdout: main import sub 3 nested
// stdout: require named-default

const fs = require('fs');
const put = (name, text) => {
  fs.mkdirSync(require('path').dirname(name), { recursive: true });
  fs.writeFileSync(name, text);
};
put('node_modules/both/package.json', '{"name":"both","exports":{".":{"import":"./m.mjs","require":"./c.cjs"},"./sub/*":"./lib/*.js"}}');
put('node_modules/both/m.mjs', 'export default "import";');
put('node_modules/both/c.cjs', 'module.exports = "require";');
put('node_modules/both/lib/three.js', 'module.exports = 3;');
put('node_modules/@scope/pkg/package.json', '{"name":"@scope/pkg","main":"lib"}');
put('node_modules/@scope/pkg/lib/index.js', 'exports.where = "nested"; exports.__esModule = true; exports.default = "named-default";');
const { default: both } = await import('both');
const three = await import('both/sub/three');
console.log('main', both, 'sub', three.default, require('@scope/pkg').where);
console.log(require('both'), require('@scope/pkg').default);
