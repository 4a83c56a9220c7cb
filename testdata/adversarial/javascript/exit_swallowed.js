// attack: process.exit inside try, with a finally that never ends
// expect: failed exit
try { process.exit(3); } catch { for (;;); } finally { for (;;); }
