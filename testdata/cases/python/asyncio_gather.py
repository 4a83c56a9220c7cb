# stdout: ['a', 'b', 'c']
# stdout: True
# result: 6
import asyncio
import time

async def work(name, delay):
    await asyncio.sleep(delay)
    return name

async def main():
    start = time.monotonic()
    names = await asyncio.gather(work("a", 0.03), work("b", 0.02), work("c", 0.01))
    print(names)
    print(0.025 < time.monotonic() - start < 1)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(asyncio.sleep(0, n)) for n in (1, 2, 3)]
    return sum(task.result() for task in tasks)

asyncio.run(main())
