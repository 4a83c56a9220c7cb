# stdout: 42
import asyncio

async def main():
    print(await asyncio.to_thread(lambda: 42))

asyncio.run(main())
