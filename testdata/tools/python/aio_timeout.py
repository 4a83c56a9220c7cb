# stdout: timeout
# stdout: x 10
import asyncio

import tools


async def main():
    try:
        await asyncio.wait_for(tools.aio.never(), 0.01)
    except TimeoutError:
        print("timeout")
    print(await tools.aio.search("x"))


asyncio.run(main())
