import asyncio


def numbers(n):
    for i in range(n):
        yield i


async def child(x):
    await asyncio.sleep(0)
    return x + 1


async def main():
    return await asyncio.gather(child(1), child(2))


listed = list(numbers(2))
total = sum(v * v for v in listed)
answer = asyncio.run(main())
