"""What an annotation means: a segment, a cue, a stimulus, or a stretch to leave out."""

from collections.abc import Mapping

KNOWN_SEGMENTS = ("rest", "relax_cue", "mvc", "reference", "stimulus", "calibration")
"""Meanings that measures know; any other lower-case name is a segment of its own."""

EXCLUDE_PREFIX = "BAD_"
"""An annotation that begins so (any case) excludes its stretch; MNE's habit."""


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
        A segment name, `BAD_...` as written in upper case, or `""` for an annotation without meaning.

    Examples
    --------
    >>> segment_of("Ruhe", {"Ruhe": "rest"}), segment_of("REST"), segment_of("bad_cough"), segment_of("door")
    ('rest', 'rest', 'BAD_COUGH', '')
    """
    wanted = text.strip().casefold()
    for written, meaning in (segments or {}).items():
        if written.strip().casefold() == wanted:
            return meaning
    if wanted.startswith(EXCLUDE_PREFIX.casefold()):
        return text.strip().upper()
    return wanted if wanted in KNOWN_SEGMENTS else ""
