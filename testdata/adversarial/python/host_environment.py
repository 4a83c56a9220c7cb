# attack: everything that could name the host, collected into the result
# expect: completed
import os
import platform
import site
import sys
import sysconfig
import time
facts = [dict(os.environ), sys.argv, sys.path, sys.executable, sys.prefix, sys.version, os.getcwd(), os.listdir("/"), time.tzname, list(sys.orig_argv)]
for ask in (platform.platform, platform.node, platform.processor, platform.uname, os.uname, os.getlogin, os.getuid, os.getpid, os.getppid, os.cpu_count,
            site.getusersitepackages, site.getsitepackages, sysconfig.get_paths, lambda: sysconfig.get_config_vars(), lambda: os.path.expanduser("~"), lambda: os.statvfs("/")) if hasattr(os, "uname") else ():
    try:
        facts.append(repr(ask()))
    except Exception as e:
        facts.append(repr(e))
for folder, folders, names in os.walk("/"):
    facts.append([folder, folders[:20], names[:20]])
print(facts)
repr(facts)[:100000]
