# error: RuntimeError: deadlock: every task waits...
import asyncio

async def main():
    await asyncio.Event().wait()

asyncio.run(main())
