# stdout: end
# stderr: RuntimeWarning: host call 'search' was never awaited
import asyncio

import tools


async def main():
    tools.aio.search("x")


asyncio.run(main())
print("end")
