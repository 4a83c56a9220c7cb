# attack: start a process in every way that the library knows
# expect: completed
# result: []
import os
started = []
def attempt(name, act):
    try:
        act()
        started.append(name)
    except (Exception, SystemExit):
        pass
attempt("fork", lambda: os.fork())
attempt("forkpty", lambda: os.forkpty())
attempt("system", lambda: os.system("true"))
attempt("popen", lambda: os.popen("true").read())
attempt("execv", lambda: os.execv("/bin/true", ["true"]))
attempt("spawnv", lambda: os.spawnv(os.P_WAIT, "/bin/true", ["true"]))
attempt("posix_spawn", lambda: os.posix_spawn("/bin/true", ["true"], {}))
attempt("subprocess", lambda: __import__("subprocess").run(["true"]))
attempt("shell", lambda: __import__("subprocess").check_output("true", shell=True))
attempt("multiprocessing", lambda: __import__("multiprocessing").Process(target=print).start())
attempt("ctypes", lambda: __import__("ctypes").CDLL(None).system(b"true"))
attempt("dlopen", lambda: __import__("_ctypes").dlopen("libc.so.6", 2))
attempt("pty", lambda: __import__("pty").spawn("true"))
started
