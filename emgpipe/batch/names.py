"""Names in study.toml that stand for nothing in any recording of the study; told from headers, before the run."""

import difflib
from collections.abc import Iterator, Sequence

from emgpipe.batch.jobs import Job
from emgpipe.errors import ReadError
from emgpipe.recording import Finding, Signal
from emgpipe.study import Study


def unmatched_names(study: Study, jobs: Sequence[Job]) -> list[Finding]:
    """Say so where a label or an amplifier of study.toml is found nowhere; one finding a table.

    Parameters
    ----------
    study : Study
        As loaded.
    jobs : sequence of Job
        All of the study: a name that only a recording left out of this run has is known.

    Returns
    -------
    list of Finding
        NAME_UNKNOWN, with the nearest name. Of recordings without a header that can be read nothing is known; where
        that is all of them nothing is said.

    Notes
    -----
    Headers alone are read, and only where a name is given: half a millisecond a file.
    """
    if not (study.channels or study.units or study.floors):
        return []
    signals = [signal for job in jobs for signal in _signals(job)]
    return list(_unmatched(study, jobs, signals)) if signals else []


def _signals(job: Job) -> tuple[Signal, ...]:
    from emgpipe.readers.files import opened
    from emgpipe.readers.header import read_header
    from emgpipe.readers.signals import describe_signals

    try:
        with opened(job.entry.path) as file:
            header, _ = read_header(file)
    except ReadError:
        return ()
    return describe_signals(header, job.channels, job.units).signals if header else ()


def _unmatched(study: Study, jobs: Sequence[Job], signals: Sequence[Signal]) -> Iterator[Finding]:
    labels = dict.fromkeys(signal.label for signal in signals)
    muscles = dict.fromkeys(signal.muscle for signal in signals if signal.muscle)
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
