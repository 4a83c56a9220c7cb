# stdout: [0, 1, 4, 9]
import asyncio

async def producer(queue):
    for n in range(4):
        await queue.put(n)
    await queue.put(None)

async def consumer(queue, done):
    while (n := await queue.get()) is not None:
        done.append(n * n)

async def main():
    queue, done = asyncio.Queue(1), []
    await asyncio.gather(producer(queue), consumer(queue, done))
    print(done)

asyncio.run(main())
