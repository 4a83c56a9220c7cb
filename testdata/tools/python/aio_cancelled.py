# stdout: cancelled
import asyncio

import tools


async def main():
    task = asyncio.create_task(tools.aio.never())
    await asyncio.sleep(0.001)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled")


asyncio.run(main())
