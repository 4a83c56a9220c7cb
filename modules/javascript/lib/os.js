// Node's os, about the sandbox: nothing of the machine below shows.

const memory = () => native.memory()[0];

module.exports = {
  EOL: '\n', arch: () => 'wasm32', platform: () => 'wasi', type: () => 'WASI', release: () => '0.1', version: () => 'preview 1', machine: () => 'wasm32',
  hostname: () => 'sandbox', homedir: () => native.home, tmpdir: () => '/tmp', endianness: () => 'LE', uptime: () => native.monotonic() / 1000,
  totalmem: () => 2 ** 32, freemem: () => 2 ** 32 - memory(), loadavg: () => [0, 0, 0], networkInterfaces: () => ({}),
  cpus: () => [{ model: 'wasm', speed: 0, times: { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 } }], availableParallelism: () => 1,
  userInfo: () => ({ uid: 0, gid: 0, username: 'user', homedir: native.home, shell: null }), devNull: '/dev/null', constants: { signals: {}, errno: {} },
};
