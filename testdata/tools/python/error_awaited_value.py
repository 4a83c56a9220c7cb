# hint: tools.aio.search(...)
import asyncio

import tools


async def main():
    return await tools.search("x")  # error: TypeError: object str can't be used in 'await' expression


asyncio.run(main())
