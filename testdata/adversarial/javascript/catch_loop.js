// attack: catch whatever the limit might throw
// expect: exhausted fuel
while (true) { try { for (;;); } catch { /* on */ } finally { continue; } }
