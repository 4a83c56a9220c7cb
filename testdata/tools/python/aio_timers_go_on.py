# stdout: True 1
import asyncio

import tools


async def main():
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    task = asyncio.create_task(tick())
    value = await tools.aio.slow(1)
    task.cancel()
    print(ticks > 2, value)


asyncio.run(main())
