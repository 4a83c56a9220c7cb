// stdout: ToolError false true
// stdout: PermissionError false true
// stdout: TypeError true true
// stdout: TimeoutError false false

for (const f of [tools.fail, tools.secret.read, tools.search, tools.late]) await f().catch((e) => console.log(e.name, e instanceof TypeError, Boolean(e.hint)));
