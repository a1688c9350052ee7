"""Words that give an arm, a treatment or a sequence away, in names of columns and in cells.

Results are computed blind: what a study writes into names of files, visits and tables must not tell who got what. A
list of words cannot know every code of every trial; what it misses is in `docs/limits.md`.
"""

import re
from collections.abc import Iterable

_COLUMN_WORDS = {"arm", "arms", "trt", "trta", "trtp", "seq", "drug", "drugs", "group", "grp", "rx", "verum", "cohort"}
_COLUMN_WORDS |= {"sham", "ivig"}
_COLUMN_STEMS = ("treat", "sequence", "placebo", "alloc", "randomi", "blind", "therap", "intervention", "medication")

_ARM_WORDS = {"verum", "sham", "ivig", "drug", "drugs"}
_ARM_STEMS = ("placebo", "alloc", "randomi")
_CODED = re.compile(
    r"\b(?:arm ?(?:[abc]|ab|ba)|(?:group|grp) ?(?:[a-d]|ab|ba|[0-9])|(?:sequence|seq|trt) ?(?:[ab]|ab|ba))\b"
)
"""A bare "arm" is a part of the body, and `arm_R` its right one; `armA` and `group 1` are codes of a trial."""


def names_an_arm(name: str) -> bool:
    """Tell whether the name of a column, a visit, a task or a run could give an arm, a treatment or a sequence away.

    Parameters
    ----------
    name : str
        Of a column that is not one of `CELLS`, or a cell of a visit, task or run.

    Returns
    -------
    bool

    Examples
    --------
    >>> names_an_arm("Treatment_code"), names_an_arm("TRT01P"), names_an_arm("armGroup"), names_an_arm("forearm")
    (True, True, True, False)
    """
    words = _words(name)
    joined = "".join(words)
    return bool(_COLUMN_WORDS & {*words, joined}) or any(stem in joined for stem in _COLUMN_STEMS)


def says_an_arm(text: str) -> bool:
    """Tell whether a text gives an arm away beyond doubt: the narrow rule, for what may name muscles and furniture.

    Parameters
    ----------
    text : str
        A condition, a path, a subject or the name of a segment.

    Returns
    -------
    bool

    Examples
    --------
    >>> says_an_arm("placebo/P01.edf"), says_an_arm("P01_armA.edf"), says_an_arm("P01_arm_R.edf"), says_an_arm("group1")
    (True, True, False, True)
    >>> says_an_arm("treatment couch"), says_an_arm("arms beside the body"), says_an_arm("Sham-07")
    (False, False, True)
    """
    words = _words(text)
    spaced = re.sub(r"[\W_]+", " ", _parted(text))
    return bool(_ARM_WORDS & set(words)) or any(s in "".join(words) for s in _ARM_STEMS) or bool(_CODED.search(spaced))


def file_says_an_arm(path: str) -> bool:
    """The narrow rule for the path of a file, the name of a segment and a subject, where treatment is one, too.

    Examples
    --------
    >>> file_says_an_arm("treated/P01.edf"), file_says_an_arm("treadmill/P01.edf")
    (True, False)
    """
    return says_an_arm(path) or "treat" in "".join(_words(path))


def tell_orders(subjects: Iterable[str]) -> bool:
    """Tell whether subjects carry their sequence: every one ends with AB or BA, and both occur.

    Examples
    --------
    >>> tell_orders(["P01-AB", "P02-BA", "P03-AB"]), tell_orders(["P01-AB", "P02-CD"]), tell_orders(["P01-AB"])
    (True, False, False)
    """
    return {(_words(subject) or [""])[-1] for subject in subjects} == {"ab", "ba"}


def _parted(text: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).casefold()


def _words(text: str) -> list[str]:
    """Runs of letters, small; a capital behind a small letter begins a new one."""
    return re.findall(r"[^\W\d_]+", _parted(text))
