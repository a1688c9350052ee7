"""Words that give an arm, a treatment or a sequence away, in names of columns and in cells.

Results are computed blind: what a study writes into names of files, visits and tables must not tell who got what. A
list of words cannot know every code of every trial; what it misses is in `docs/limits.md`. Each rule returns what it
looks for, in words that do not tell which arm it was: whoever reads a refusal may be blind.
"""

import re
from collections.abc import Iterable, Mapping

_TOLD = {
    r"\w*pla[cz]ebo\w*|pbo|plb|plcb|verum|sham|iv ?ig\w*|igiv|scig|(?:immuno?|gamma)glob\w*":
        "a word for a treatment or for none",
    r"alloc|(?:un|non)?allocat\w*": "a word that begins with 'allocat', or 'alloc'",
    r"(?:un|non)?randomi\w*": "a word that begins with 'randomi'",
    r"(?:group|grp|cohort) ?(?:[a-d]|ab|ba|[0-9]{1,2})": "'group' with a letter or digit behind it",
    r"(?:sequence|seq|trt) ?(?:[a-d]|ab|ba|[0-9]{1,2})": "'sequence' or 'trt' with a letter or digit behind it",
}  # fmt: skip
"""What tells everywhere -> what to call it. A bare "arm" is a part of the body, `arm_R` its right one."""
_ARM = "'arm' with a letter or digit behind it"
_TEXT = _TOLD | {
    # not: left arm a bit flexed, arm 90 degrees
    r"arm ?(?:(?-i:A)|b|c|ab|ba|(?:a|[0-9])(?= \||$))": _ARM,
    r"(?:on|off|after|study|trial|active) drugs?|drugs? (?:[a-d]|[0-9])": "'drug' with what says whose",
}
_FILE = _TOLD | {
    r"arm ?(?:[a-c]|ab|ba|[0-9]{1,2})": _ARM,
    r"drugs?|saline": "the word 'drug' or 'saline'",
    r"(?:un|non|pre|post)?treat\w*": "a word that begins with 'treat', 'untreat', 'pretreat', 'posttreat'",
}
_NAME = _FILE | {
    r"trt[ap]?|seq|sequence\w*": "'sequence', 'seq' or 'trt'",
    r"groups?|grp|cohorts?": "'group', 'grp' or 'cohort'",
    r"rx|(?:pre|post)?(?:therap|intervention|medication)\w*": "a word that begins with 'therap', 'medication'",
    r"(?:un)?blind(?:ed|ing)?": "the word 'blind'",
}
_COLUMN = _NAME | {r"arms?": "the word 'arm'"}


def column_tells(name: str) -> str:
    """Tell what in the name of a column or a visit could give an arm, a treatment or a sequence away.

    Parameters
    ----------
    name : str
        Of a column that is not one of `CELLS`, or a cell of a visit.

    Returns
    -------
    str
        The rule in words; `""` where none applies.

    Examples
    --------
    >>> column_tells("armGroup"), column_tells("forearm"), column_tells("hospital_location")
    ("'group', 'grp' or 'cohort'", '', '')
    """
    return _found(_COLUMN, name)


def name_tells(name: str) -> str:
    """The same for a task or a run, where an arm may be raised.

    Examples
    --------
    >>> name_tells("arm_raise"), name_tells("seq")
    ('', "'sequence', 'seq' or 'trt'")
    """
    return _found(_NAME, name)


def file_tells(path: str) -> str:
    """The same for the path of a file, the name of a segment and a subject, which name groups and drills, too.

    Examples
    --------
    >>> file_tells("arm1/P01.edf"), file_tells("P01_arm_R.edf"), file_tells("rest_reattached.edf")
    ("'arm' with a letter or digit behind it", '', '')
    """
    return _found(_FILE, path)


def text_tells(text: str) -> str:
    """The same for free text, such as a posture: the narrow rule, as it may name muscles, drugs and furniture.

    Examples
    --------
    >>> text_tells("allocation known"), text_tells("treatment couch, usual location"), text_tells("no drug")
    ("a word that begins with 'allocat', or 'alloc'", '', '')
    """
    return _found(_TEXT, text)


def tell_orders(subjects: Iterable[str]) -> bool:
    """Tell whether subjects carry their sequence: every one ends with AB or BA, and both occur.

    Examples
    --------
    >>> tell_orders(["P01-AB", "P02-BA", "P03-AB"]), tell_orders(["P01-AB", "P02-CD"]), tell_orders(["P01-AB"])
    (True, False, False)
    """
    return {(_words(subject).casefold().split() or [""])[-1] for subject in subjects} == {"ab", "ba"}


def _found(rules: Mapping[str, str], text: str) -> str:
    forms = {_words(text), _words(text.casefold())}  # IvIg is one word, PlaceboArm are two
    found = (told for pattern, told in rules.items() for form in forms if _pattern(pattern).search(form))
    return next(found, "")


def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\S)(?i:{pattern})(?!\S)")  # `re` keeps the compiled ones


def _words(text: str) -> str:
    """Runs of letters and of digits, a blank between, a capital behind a small letter begins one; `|`: punctuation."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=\d)(?=[^\W\d])|(?<=[^\W\d])(?=\d)", " ", text)
    return " ".join(re.sub(r"[_\s]+|[^\w\s]", lambda found: " | " if found[0] in ",;.:()/" else " ", parted).split())
