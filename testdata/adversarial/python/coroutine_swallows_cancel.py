# attack: an asyncio task that swallows its cancellation and goes on without ever sleeping
# expect: exhausted fuel
import asyncio
async def stubborn():
    while True:
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            pass
async def main():
    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    task.cancel()
    await task
asyncio.run(main())
