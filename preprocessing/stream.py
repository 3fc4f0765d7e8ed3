"""Batches through a function on several threads, results in order, a bounded number of batches in memory."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

#: More would hold more batches in memory and wait for the one reader.
MOST_WORKERS = 8

Item = TypeVar("Item")
Result = TypeVar("Result")


def mapped(function: Callable[[Item], Result], items: Iterable[Item], workers: int | None = None) -> Iterator[Result]:
    """`function` of each item, in the order of the items. numpy and Arrow let go of the interpreter's lock."""
    workers = workers or min(max(2, os.cpu_count() or 1), MOST_WORKERS)
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                if len(pending) > workers:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
