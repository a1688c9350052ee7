"""Cases on several cores, in the order they are asked for."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

from validation.checks import Each


@contextmanager
def each_on(workers: int) -> Iterator[Each]:
    """Give `each`: a function applied to many arguments by so many processes."""
    with ProcessPoolExecutor(workers) as pool:

        def each(function: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
            """Results in the order of the arguments."""
            return list(pool.map(function, *zip(*arguments, strict=True), chunksize=2))

        yield each
