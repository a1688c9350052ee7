"""What was made lately, kept by what it was made from."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """Values by key; of more than `most` the one that was not asked for longest goes.

    Parameters
    ----------
    most : int >= 1
        Values that are kept.

    Examples
    --------
    >>> kept = Kept[int](most=2)
    >>> [kept.get(key, lambda: 10 * key) for key in (1, 2, 3)]
    [10, 20, 30]
    >>> kept.get(3, lambda: 0), kept.get(1, lambda: 0)
    (30, 0)
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Hashable, Value] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Value of a key; made where it is not there."""
        if key in self._values:
            self._values.move_to_end(key)
            return self._values[key]
        value = self._values[key] = make()
        if len(self._values) > self._most:
            self._values.popitem(last=False)
        return value
