# stdout: 1
# error: RuntimeError: deadlock: every task waits...
import asyncio

import tools


async def main():
    print(await tools.aio.slow(1))
    await asyncio.Event().wait()


asyncio.run(main())
