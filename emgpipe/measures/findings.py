"""What the numbers of a recording say about the recording itself."""

from collections.abc import Iterator, Sequence

from emgpipe.measures.rows import MeasureRow
from emgpipe.measures.views import REST, WHOLE, Segment
from emgpipe.recording import Finding


def prime_mover_findings(
    rows: Sequence[MeasureRow], segments: Sequence[Segment], prime_movers: Sequence[str]
) -> Iterator[Finding]:
    """Say so where the loudest muscle is none of the stated prime movers.

    Parameters
    ----------
    rows : sequence of MeasureRow
        Of one recording.
    segments : sequence of Segment
        Those of rest or the whole recording are looked at.
    prime_movers : sequence of str
        Muscles that should be the loudest; empty, or none of them measured: nothing is said.

    Yields
    ------
    Finding
        PRIME_MOVER_NOT_LOUDEST.
    """
    for segment in segments:
        if segment.kind not in (REST, WHOLE):
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
