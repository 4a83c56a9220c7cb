// attack: import what does not exist, for ever, with the error swallowed
// expect: exhausted fuel | exhausted memory
// because: an engine may keep a record of every module that it failed to load
// limits: fuel=300M
for (;;) {
  try { await import('./no-such-module.js'); } catch { /* again */ }
}
