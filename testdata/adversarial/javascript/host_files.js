// attack: read what a host has, and climb out of the root
// expect: completed
// result: []
const found = [];
const fs = await import('fs').catch(() => null);
if (fs) for (const path of ['/etc/passwd', '/proc/self/environ', '/dev/zero', '../../../../../../etc/passwd', '/work/../../etc/passwd', '/root', '/home', '/sys']) {
  try { fs.readdirSync(path); found.push(path); } catch { /* absent */ }
  try { fs.readFileSync(path); found.push(path); } catch { /* absent */ }
}
found;
