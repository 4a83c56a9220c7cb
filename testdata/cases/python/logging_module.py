# stderr: WARNING:root:careful
# stderr: INFO app: started
import logging
import sys

logging.warning("careful")
handler = logging.StreamHandler(sys.stderr)
handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
log = logging.getLogger("app")
log.addHandler(handler)
log.setLevel(logging.INFO)
log.propagate = False
log.info("started")
