"""What the numbers of a recording say about the recording itself."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from emgpipe.detectors.floor import Floor
from emgpipe.frames.model import ChannelFrames
from emgpipe.measures.doubts import Said, joined
from emgpipe.measures.rows import MeasureRow
from emgpipe.measures.views import REST, Judged, Segment
from emgpipe.recording import Finding


def prime_mover_findings(
    rows: Sequence[MeasureRow], segments: Sequence[Segment], prime_movers: Sequence[str]
) -> Iterator[Finding]:
    """Say so where the loudest muscle of a task is none of the stated prime movers.

    Parameters
    ----------
    rows : sequence of MeasureRow
        Of one recording.
    segments : sequence of Segment
        Of tasks, or the whole recording; rest is not looked at: it is no muscle's task.
    prime_movers : sequence of str
        Muscles that should be the loudest; empty, or none of them measured: nothing is said.

    Yields
    ------
    Finding
        PRIME_MOVER_NOT_LOUDEST.
    """
    for segment in segments:
        if segment.kind == REST:
            continue
        levels = {
            r.target: r.value
            for r in rows
            if (r.segment, r.measure, r.target_kind) == (segment.name, "rest_rms_uv", "muscle") and r.value is not None
        }
        if not prime_movers or not levels or not set(prime_movers) & set(levels):
            continue
        loudest = max(levels, key=lambda name: levels[name])
        if loudest not in prime_movers:
            text = ", ".join(prime_movers)
            message = f"{loudest!r} is louder than the stated prime movers {text}; check labels and task"
            yield Finding("PRIME_MOVER_NOT_LOUDEST", "warning", segment.name, message)


def name_findings(given: Mapping[str, Sequence[str]], known: Sequence[str], labels: Sequence[str]) -> Iterator[Finding]:
    """Say so where a name that was given stands for nothing in the recording.

    Parameters
    ----------
    given : mapping of str to sequence of str
        Argument -> names, each once.
    known : sequence of str
        Targets of the recording: muscles, labels where there is none.
    labels : sequence of str
        Labels, which only `exclude` takes.

    Yields
    ------
    Finding
        NAME_UNKNOWN, with the nearest name or all of them.

    Examples
    --------
    >>> [f.message for f in name_findings({"exclude": ["ta_r"]}, ["TA_R", "GM_R"], [])]
    ["'ta_r' in exclude is no muscle of the recording; did you mean 'TA_R'?"]
    """
    for argument, names in given.items():
        allowed = dict.fromkeys([*known, *(labels if argument == "exclude" else [])])
        for name in dict.fromkeys(names):
            if name not in allowed:
                advice = _nearest(name, list(allowed))
                message = f"{name!r} in {argument} is no muscle of the recording; {advice}"
                yield Finding("NAME_UNKNOWN", "warning", argument, message)


def _nearest(name: str, known: Sequence[str]) -> str:
    folded = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return f"did you mean {folded[close[0]]!r}?" if close else f"it has {', '.join(sorted(known)) or 'none'}"


def floor_findings(floors: Mapping[str, Floor]) -> Iterator[Finding]:
    """Say so where a hardware low-pass leaves a floor one witness less.

    Yields
    ------
    Finding
        LOW_PASS, one for all its channels.

    Examples
    --------
    >>> [f.where for f in floor_findings({"TA_R": Floor(1.0, 0.8, 1.2, "in_signal", "medium", "LOW_PASS")})]
    ['TA_R']
    """
    message = "noise above 600 Hz is taken away by the amplifier; switch its filter off or state a device floor"
    found = [name for name, floor in floors.items() if "LOW_PASS" in floor.reason.split(";")]
    yield from (doubt.finding for doubt in joined([Said("LOW_PASS", "info", name, message) for name in found]))


def mains_findings(judged: Mapping[str, Judged]) -> Iterator[Finding]:
    """Say so where a line of the other mains frequency stands in a channel.

    Parameters
    ----------
    judged : mapping of str to Judged
        By target.

    Yields
    ------
    Finding
        MAINS_OTHER, one for all its channels.
    """
    message = "lines at {} are left in; is the mains frequency right?"
    said = [
        Said("MAINS_OTHER", "warning", name, message, ", ".join(f"{line.frequency_hz:.1f} Hz" for line in lines))
        for name, one in judged.items()
        if (lines := one.frames.other_lines)
    ]
    yield from (doubt.finding for doubt in joined(said))


def rate_findings(channels: Iterable[ChannelFrames], exclude: Sequence[str], least_rate_hz: float) -> list[Finding]:
    """Say which channels are refused for their rate.

    Parameters
    ----------
    channels : iterable of ChannelFrames
        Of a recording.
    exclude : sequence of str
        Muscles or labels that are left out; nothing is said of them.
    least_rate_hz : float
        Lowest rate that is measured.

    Returns
    -------
    list of Finding
        RATE_TOO_LOW; channels of one rate share a finding.

    Examples
    --------
    >>> slow = [ChannelFrames.refusing(0, "EMG TA R", "TA_R", 250.0, "RATE_TOO_LOW")]
    >>> rate_findings(slow, [], 400.0)[0].message
    '250 Hz sampling is too low for the analysis band, nothing is measured; at least 400 Hz are needed'
    """
    said = [
        Said(
            "RATE_TOO_LOW",
            "warning",
            one.muscle or one.label,
            f"{one.rate_hz:g} Hz sampling is too low for the analysis band, nothing is measured; at least"
            f" {least_rate_hz:g} Hz are needed",
        )
        for one in channels
        if one.refused == "RATE_TOO_LOW" and not {one.muscle, one.label} & set(exclude)
    ]
    return [doubt.finding for doubt in joined(said)]
