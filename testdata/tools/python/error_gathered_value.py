# hint: tools.aio.search(...)
import asyncio

import tools


async def main():
    await asyncio.gather(tools.search("x"))  # error: TypeError


asyncio.run(main())
