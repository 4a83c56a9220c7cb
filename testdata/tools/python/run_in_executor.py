# stdout: [1, 'x 2', 3]
import asyncio
import functools

import tools


async def main():
    loop = asyncio.get_running_loop()
    print(
        await asyncio.gather(
            loop.run_in_executor(None, tools.slow, 1), loop.run_in_executor(None, functools.partial(tools.search, "x", limit=2)), asyncio.to_thread(lambda: 3)
        )
    )


asyncio.run(main())
