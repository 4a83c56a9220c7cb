# stdout: ['ToolError', 'a 10', 'ArgumentError', 'value of k']
import asyncio

import tools


async def main():
    found = await asyncio.gather(tools.aio.fail(), tools.aio.search("a"), tools.aio.search(), tools.aio.store.get("k"), return_exceptions=True)
    print([type(item).__name__ if isinstance(item, Exception) else item for item in found])


asyncio.run(main())
