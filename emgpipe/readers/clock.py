"""The clock of EDF+ and BDF+: the stated time of every record makes runs, gaps and refusals."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from emgpipe.errors import ReadError
from emgpipe.readers.findings import refusal
from emgpipe.readers.header import Header
from emgpipe.recording import Finding, Run

MOST_GAPS_S = 86_400.0
"""All gaps together; gap-aware time is held in memory as frames, 80 a second."""

LEAST_DIGITS = 3
"""Times with fewer digits than these are taken at their word, not as rounded."""

PLACE = "record times"
"""Where findings about them stand."""

_NOISE_S = 1e-9  # float noise of a day in seconds stays far below


class Clock(NamedTuple):
    """When the records of a file were taken.

    Attributes
    ----------
    first_s : float
        Time of the first record after the start of the header.
    runs : list of Run
        Contiguous stretches, seconds from the first sample.
    findings : list of Finding
        What is to be said about it.
    """

    first_s: float
    runs: list[Run]
    findings: list[Finding]


class _Stretch(NamedTuple):
    """Records `[first, stop)` that follow each other without a gap."""

    first: int
    stop: int


def read_clock(onsets_s: Sequence[float], digits: int, header: Header, where: str) -> Clock:
    """Tell runs and gaps from the stated time of each record.

    Parameters
    ----------
    onsets_s : sequence of float, length n_records
        Stated times, seconds after the start of the header; empty where a file states none.
    digits : int
        Most digits behind the point that any of these times has.
    header : Header
        Of the file.
    where : str
        The file's name.

    Returns
    -------
    Clock
        No runs where the file has no signal but annotations.

    Raises
    ------
    ReadError
        FIRST_ONSET, RECORDS_OVERLAP, GAP_TOO_LONG.

    Notes
    -----
    A record follows the one before where its time is off by at most half a sample of the
    fastest signal, counted from the first record of its run, so that slow drift adds up
    until it is seen. Where the field of the record duration has cut its digits, the error
    of that adds up too. Where times have fewer digits than the duration of a record (ms,
    records of 1/3 s), half of the last digit is allowed at both ends; not where that is more
    than half a millisecond, which would hide gaps that are told exactly (0, 0.2 and 0.4 s,
    records of 0.15 s).
    """
    first_s = onsets_s[0] if onsets_s else 0.0
    findings = _first_record(first_s, where)
    fastest = max(
        (s.samples_per_record for i, s in enumerate(header.signals) if not header.is_annotations(i)), default=0
    )
    if not fastest:
        return Clock(first_s, [], findings)
    if not onsets_s:
        return Clock(first_s, [Run(0.0, header.n_records * header.record_s)], findings)
    half_sample_s = 0.5 * header.record_s / fastest
    half_digit_s = _half_digit(digits, header.record_s)
    stretches = _stretches(onsets_s, header, half_sample_s, half_digit_s, where)
    runs = _runs(stretches, onsets_s, header.record_s)
    findings += _coarse(half_digit_s, half_sample_s) + _gaps(runs, header.plus, where)
    return Clock(first_s, runs, findings)


def _refusal(code: str, where: str, found: str, allowed: str, hint: str) -> ReadError:
    return refusal([Finding.composed(code, "error", PLACE, found=found, allowed=allowed, hint=hint)], where)


def _first_record(first_s: float, where: str) -> list[Finding]:
    found, allowed = f"the first at {first_s:.9g} s", "0 to less than 1 s after the start of the header"
    if first_s < 0:
        raise _refusal("FIRST_ONSET", where, found, allowed, "export the file again")
    if first_s < 1:
        return []  # the fraction of a second that the header's clock cannot hold
    hint = "the start is moved by it"
    return [Finding.composed("FIRST_ONSET", "warning", PLACE, found=found, allowed=allowed, hint=hint)]


def _half_digit(digits: int, record_s: float) -> float:
    """Half of the last digit of the stated times where they cannot hold multiples of a record's duration."""
    exponent = Decimal(repr(record_s)).normalize().as_tuple().exponent
    needed = -exponent if isinstance(exponent, int) else 0
    return 0.5 * 10.0**-digits if LEAST_DIGITS <= digits < needed else 0.0


def _stretches(
    onsets_s: Sequence[float], header: Header, half_sample_s: float, half_digit_s: float, where: str
) -> list[_Stretch]:
    """Cut the records where one begins later than the one before ends.

    `low` and `high` bound how far the true time of a run's first record may lie from its
    stated one; each record narrows them, and none is left where a record does not follow.
    What a cut record duration adds over hours must not hide a step from one record to the next.
    """
    out = []
    first, low, high, before_s = 0, -half_digit_s, half_digit_s, 0.0
    most_step_s = 2 * (half_sample_s + half_digit_s) + header.record_s_quantum + _NOISE_S
    for record, onset_s in enumerate(onsets_s):
        off_s = onset_s - (onsets_s[first] + (record - first) * header.record_s)
        slack_s = half_sample_s + (record - first) * header.record_s_quantum + half_digit_s + _NOISE_S
        step_s, before_s = off_s - before_s, off_s
        if off_s + slack_s < low or step_s < -most_step_s:
            raise _overlap(record, onset_s, onset_s - step_s, where)
        if off_s - slack_s > high or step_s > most_step_s:
            out.append(_Stretch(first, record))
            first, low, high, before_s = record, -half_digit_s, half_digit_s, 0.0
            continue
        low, high = max(low, off_s - slack_s), min(high, off_s + slack_s)
    return [*out, _Stretch(first, len(onsets_s))]


def _overlap(record: int, onset_s: float, expected_s: float, where: str) -> ReadError:
    found = f"record {record} at {onset_s:.9g} s, before the end of the one before it at {expected_s:.9g} s"
    return _refusal("RECORDS_OVERLAP", where, found, "records in the order of time", "export the file again")


def _runs(stretches: Sequence[_Stretch], onsets_s: Sequence[float], record_s: float) -> list[Run]:
    runs: list[Run] = []
    for first, stop in stretches:
        # decimal seconds: the difference of two is told to the digits they were written with
        start_s = round(onsets_s[first] - onsets_s[0], 9)
        if runs:  # a duration that was cut upwards adds up, too
            start_s = max(start_s, runs[-1].stop_s)
        runs.append(Run(start_s, start_s + (stop - first) * record_s))
    return runs


def _coarse(half_digit_s: float, half_sample_s: float) -> list[Finding]:
    if half_digit_s <= half_sample_s:
        return []
    found = f"times rounded to {2 * half_digit_s:g} s, more than a sample"
    hint = f"a gap up to {2 * half_digit_s + half_sample_s:.3g} s may not be seen"
    return [Finding.composed("RECORD_TIMES_COARSE", "info", PLACE, found=found, hint=hint)]


def _gaps(runs: Sequence[Run], plus: str, where: str) -> list[Finding]:
    gaps_s = [after.start_s - before.stop_s for before, after in pairwise(runs)]
    if not gaps_s:
        return []
    total_s = sum(gaps_s)
    found = f"{len(gaps_s)} gaps of {total_s:.9g} s in all, the longest {max(gaps_s):.9g} s"
    found = found if len(gaps_s) > 1 else f"1 gap of {total_s:.9g} s"
    if not total_s <= MOST_GAPS_S:
        allowed = f"at most {MOST_GAPS_S:.9g} s in all"
        raise _refusal("GAP_TOO_LONG", where, found, allowed, "export each stretch as a file of its own")
    hint = "each stretch is filtered on its own"
    if plus == "D":
        return [Finding.composed("DISCONTINUOUS", "info", PLACE, found=found, hint=hint)]
    hint = f"the stated times are used, {hint}"
    allowed = "none in a file that does not say it has any"
    return [Finding.composed("DISCONTINUOUS", "warning", PLACE, found=found, allowed=allowed, hint=hint)]
