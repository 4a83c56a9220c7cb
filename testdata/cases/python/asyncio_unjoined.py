# stdout: main done
import asyncio

async def background():
    await asyncio.sleep(60)

async def main():
    asyncio.create_task(background())
    await asyncio.sleep(0)
    print("main done")

asyncio.run(main())
