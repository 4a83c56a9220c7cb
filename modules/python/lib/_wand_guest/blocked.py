"""Functions that a sandbox cannot offer, or not as the module does that would bring them. Those of os that WASI's does not even have raise an
exception that names the alternative; help, which the module site would add, prints what there is to say."""

import builtins
import errno
import os
import sys

PROCESS = "processes are not available in this sandbox; do it in Python, or call a host function (import tools)"
INSTALL = "nothing can be installed from inside this sandbox; import it, and the error says what to use in its place or whom to ask for it"
NAMES = """
    fork forkpty system popen execl execle execlp execlpe execv execve execvp execvpe spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp
    spawnvpe posix_spawn posix_spawnp kill killpg wait waitpid
"""


def install():
    """Adds the functions, where they are missing."""
    builtins.help = help
    for name in NAMES.split():
        if not hasattr(os, name):
            setattr(os, name, _raiser(name))


class _Helper:
    """help(x) says what x is and how it is used: a host function, a module, a class, a function, or the name of one."""

    def __call__(self, *args):
        from _wand_guest import host

        subject = args[0] if args else self
        if isinstance(subject, host.Tool):
            text = host.help_text(subject._wand_name)
        elif getattr(subject, "__name__", None) == "tools" and subject is sys.modules.get("tools"):
            text = f"{subject.__doc__}\n{host.help_text('')}"
        elif not args:
            text = "help(x) says what x is and how it is used. help(tools) lists the host functions, after import tools.\n"
        else:
            import pydoc

            text = pydoc.plain(pydoc.render_doc(subject, "Help on %s:"))
        sys.stdout.write(text)

    def __repr__(self):
        return "Type help(object) for help about object."


help = _Helper()


def no_process(*command):
    """Says what there is in the place of a process that would run a command."""
    text = str(command)[:1000]
    return INSTALL if "install" in text and any(installer in text for installer in ("pip", "conda", "uv", "apt", "npm")) else PROCESS


def _raiser(name):
    def function(*args, **kwargs):
        raise OSError(errno.ENOTSUP, no_process(args, kwargs))

    function.__name__ = function.__qualname__ = name
    function.__module__ = "os"
    return function
