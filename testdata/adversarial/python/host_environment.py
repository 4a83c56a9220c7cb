# attack: everything that could name the host, collected into the result
# expect: completed
import os
import platform
import site
import sys
import sysconfig
import time
facts = [dict(os.environ), sys.argv, sys.path, sys.executable, sys.prefix, sys.version, os.getcwd(), os.listdir("/"), time.tzname, list(sys.orig_argv)]
for module, names in [(platform, "platform node processor uname python_build libc_ver"), (os, "uname getlogin getuid getpid getppid cpu_count getcwd times"),
                      (site, "getusersitepackages getsitepackages"), (sysconfig, "get_paths get_config_vars get_platform")]:
    for name in names.split():
        try:
            facts.append([name, repr(getattr(module, name)())])
        except Exception as e:
            facts.append([name, repr(e)])
facts += [os.path.expanduser("~"), os.path.abspath(".")]
for folder, folders, names in os.walk("/"):
    facts.append([folder, folders[:20], names[:20]])
print(facts)
repr(facts)[:100000]
