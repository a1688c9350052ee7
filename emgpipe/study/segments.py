"""What an annotation means: a segment, a cue, a stimulus, or a stretch to leave out."""

import re
from collections.abc import Mapping

KNOWN_SEGMENTS = ("rest", "relax_cue", "mvc", "reference", "stimulus", "calibration")
"""Meanings that measures know; any other lower-case name is a segment of its own."""

EXCLUDE_PREFIX = "BAD_"
"""An annotation that begins so (any case; a blank or nothing after BAD too) excludes its stretch; MNE's habit."""


def segment_of(text: str, segments: Mapping[str, str] | None = None) -> str:
    """Meaning of an annotation.

    Parameters
    ----------
    text : str
        Annotation as written; case and blanks around it do not matter.
    segments : mapping, optional
        `[segments]` of the study: annotation -> meaning.

    Returns
    -------
    str
        A segment name, `BAD_...` in upper case, or `""` for an annotation without meaning.

    Examples
    --------
    >>> segment_of("Ruhe", {"Ruhe": "rest"}), segment_of("REST"), segment_of("bad_cough"), segment_of("door")
    ('rest', 'rest', 'BAD_COUGH', '')
    >>> segment_of("BAD movement"), segment_of("bad"), segment_of("Badminton")
    ('BAD_MOVEMENT', 'BAD_', '')
    """
    wanted = text.strip().casefold()
    for written, meaning in (segments or {}).items():
        if written.strip().casefold() == wanted:
            return meaning
    excluded = re.fullmatch(r"bad(?:[_\s]+(.*))?", wanted, re.DOTALL)
    if excluded:
        return EXCLUDE_PREFIX + (excluded[1] or "").upper()
    return wanted if wanted in KNOWN_SEGMENTS else ""


def nearest_meaning(text: str, segments: Mapping[str, str] | None = None) -> str:
    """Meaning that an annotation without meaning begins like; `""` where there is none. Never used as its meaning.

    Parameters
    ----------
    text, segments : str, mapping
        As in `segment_of`.

    Returns
    -------
    str

    Examples
    --------
    >>> nearest_meaning("Rest supine"), nearest_meaning("Ruhe 2", {"Ruhe": "rest"}), nearest_meaning("door")
    ('rest', 'rest', '')
    """
    words = {name: name for name in KNOWN_SEGMENTS} | {k.strip().casefold(): v for k, v in (segments or {}).items()}
    near = [word for word in words if word and text.strip().casefold().startswith(word)]
    return words[max(near, key=len)] if near else ""
