// stdout: error true

try {
  await tools.kv.get({ key: 'a' });
} catch (e) {
  console.log('error', e.message.length > 0);
}
