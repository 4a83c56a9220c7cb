# stdout: [0, 1, 4, 9] [1, 2, 3] ValueError
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed

with ThreadPoolExecutor(max_workers=4) as pool:
    squares = list(pool.map(lambda n: n * n, range(4)))
    futures = [pool.submit(abs, -n) for n in (1, 2, 3)]
    failing = pool.submit(int, "x")
with ProcessPoolExecutor() as pool:
    assert pool.submit(pow, 2, 5).result() == 32
print(squares, sorted(future.result() for future in as_completed(futures)), type(failing.exception()).__name__)
