"""Names in study.toml that stand for nothing in any recording of the study."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from emgpipe.batch.jobs import Job
from emgpipe.recording import Finding
from emgpipe.study import Study


def unmatched_names(study: Study, jobs: Sequence[Job], units: Mapping[str, Any]) -> Iterator[Finding]:
    """Say so where a label or an amplifier of study.toml is found nowhere; one finding a table.

    Parameters
    ----------
    study : Study
        As loaded.
    jobs : sequence of Job
        All of the study.
    units : mapping of str to unit or None
        By recording. While one is missing nothing is said: the name may be in it.

    Yields
    ------
    Finding
        NAME_UNKNOWN, with the nearest name. Of recordings that failed nothing is known.
    """
    read = [unit["signals"] for unit in units.values() if unit and "signals" in unit]
    if not read or not all(units[job.entry.recording] for job in jobs):
        return
    labels = dict.fromkeys(label for signals in read for label, _ in signals)
    muscles = dict.fromkeys(muscle for signals in read for _, muscle in signals if muscle)
    amplifiers = dict.fromkeys(a for job in jobs if (a := job.entry.conditions.get("amplifier", "")))
    given = [
        ("[channels]", list(study.channels), list(labels), "label"),
        ("[units]", list(study.units), list(labels), "label"),
        ("[[floor]] channel", [f.channel for f in study.floors if f.channel], [*labels, *muscles], "label or muscle"),
        ("[[floor]] amplifier", [f.amplifier for f in study.floors if f.amplifier], list(amplifiers), "amplifier"),
    ]
    for table, names, known, what in given:
        unknown = [name for name in dict.fromkeys(names) if name not in known]
        if unknown:
            told = "; ".join(f"{name!r}{_nearest(name, known)}" for name in unknown)
            yield Finding("NAME_UNKNOWN", "warning", table, f"no {what} of any recording of the study: {told}")


def _nearest(name: str, known: Sequence[str]) -> str:
    """Advice for one name.

    Examples
    --------
    >>> _nearest("emg ch3", ["EMG ch3", "Chest"]), _nearest("x", [])
    (", did you mean 'EMG ch3'?", '')
    """
    folded = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.0)
    return f", did you mean {folded[close[0]]!r}?" if close else ""
