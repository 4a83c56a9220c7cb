# attack: an event that nobody sets: the event loop has nothing to wait for
# expect: failed exception RuntimeError
# limits: deadline=500ms
import asyncio
async def main():
    await asyncio.Event().wait()
asyncio.run(main())
