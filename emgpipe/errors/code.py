"""What a code says."""

from typing import NamedTuple


class Code(NamedTuple):
    """What a code stands for.

    Attributes
    ----------
    kind : str
        `error` (no number is given), `finding` (the file is usable, said) or
        `reason` (why a row is not a plain value).
    meaning : str
        One sentence.
    """

    kind: str
    meaning: str
