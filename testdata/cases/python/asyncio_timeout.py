# stdout: timed out
# stdout: cancelled
import asyncio

async def slow():
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        print("timed out")
        raise

async def main():
    try:
        async with asyncio.timeout(0.01):
            await slow()
    except TimeoutError:
        print("cancelled")

asyncio.run(main())
