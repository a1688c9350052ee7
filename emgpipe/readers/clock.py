"""The clock of EDF+ and BDF+: the stated time of every record makes runs, gaps and refusals."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emgpipe.errors import ReadError
from emgpipe.readers.findings import refusal
from emgpipe.readers.header import Header
from emgpipe.recording import Finding, Run, Severity

LEAST_DIGITS = 3
"""Times with fewer digits than these are taken at their word, not as rounded."""

MOST_DRIFT_PPM = 200.0
"""Of a quartz clock that is not broken, by a wide margin; more is a warning."""

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
    stated_s, placed_s : ndarray, shape (n_records,)
        Stated time of each record, never falling, and where its first sample is in seconds from the first sample; empty
        where a file states no times or has no samples.
    """

    first_s: float
    runs: list[Run]
    findings: list[Finding]
    stated_s: NDArray[np.float64] = np.empty(0)
    placed_s: NDArray[np.float64] = np.empty(0)

    def on_samples(self, times_s: ArrayLike) -> NDArray[np.float64]:
        """Seconds from the first sample of times on the clock of the header's start.

        Parameters
        ----------
        times_s : array_like, shape (n,)
            Seconds after the start of the header.

        Returns
        -------
        ndarray, shape (n,)
            A time stands as far behind the first sample of its record as it is stated behind
            the stated time of that record, so that marks stay with their samples where the
            clock drifts; never behind the next record.
        """
        times_s = np.asarray(times_s, np.float64)
        if not len(self.stated_s):
            return np.asarray(np.round(times_s - self.first_s, 9), np.float64)
        record = np.maximum(np.searchsorted(self.stated_s, times_s, side="right") - 1, 0)
        upto_s = np.append(self.placed_s, np.inf)[record + 1]
        # decimal seconds: the difference of two is told to the digits they were written with
        at_s = np.minimum(self.placed_s[record] + (times_s - self.stated_s[record]), upto_s)
        return np.asarray(np.round(at_s, 9), np.float64)


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
        FIRST_ONSET, RECORDS_OVERLAP, RECORD_TIMES_TOO_LARGE.

    Notes
    -----
    A record follows the one before where its stated time is off by at most half a sample of
    the fastest signal from the stated end of the one before. Where times have fewer digits
    than the duration of a record (ms, records of 1/3 s), the rounding of both times is allowed
    on top; not where it is more than half a millisecond, which would hide gaps that are told
    exactly (0, 0.2 and 0.4 s, records of 0.15 s). What adds up over many such steps is no gap
    but the drift of a clock or a duration that its field has cut: one run, in which time
    follows the samples, and CLOCK_DRIFT where the cut digits do not explain it. A run begins
    at its stated time, later only where the gap before it would be shorter than stated.
    """
    first_s = float(onsets_s[0]) if onsets_s else 0.0
    findings = _first_record(first_s, where)
    fastest = max(
        (s.samples_per_record for i, s in enumerate(header.signals) if not header.is_annotations(i)), default=0
    )
    if not fastest:
        return Clock(first_s, [], findings)
    if not onsets_s:
        return Clock(first_s, [Run(0.0, header.n_records * header.record_s)], findings)
    stated_s = np.asarray(onsets_s, np.float64)
    half_sample_s = 0.5 * header.record_s / fastest
    half_digit_s = _half_digit(digits, header.record_s)
    most_step_s = half_sample_s + 2 * half_digit_s + _noise(stated_s, half_sample_s, where)
    firsts = _firsts(stated_s, header.record_s, most_step_s, where)
    runs = _runs(firsts, stated_s, header.record_s, most_step_s)
    placed_s = _within(firsts, np.array([run.start_s for run in runs]), len(stated_s), header.record_s)
    findings += [
        *_coarse(half_digit_s, half_sample_s),
        *_drift(stated_s, firsts, header, most_step_s),
        *_gaps(np.diff(stated_s)[firsts[1:] - 1] - header.record_s, header.plus),
    ]
    return Clock(first_s, runs, findings, np.maximum.accumulate(stated_s), placed_s)


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


def _noise(stated_s: NDArray[np.float64], half_sample_s: float, where: str) -> float:
    """What floats add to the difference of two times; refused where they cannot tell half a sample."""
    largest_s = float(np.abs(stated_s).max())
    noise_s = 2 * float(np.spacing(largest_s))
    if noise_s > half_sample_s:
        allowed = "times that tell half a sample in a float of 53 bits"
        found, hint = f"a record at {largest_s:.9g} s", "export the file again with times from its start"
        raise _refusal("RECORD_TIMES_TOO_LARGE", where, found, allowed, hint)
    return max(noise_s, _NOISE_S)


def _firsts(stated_s: NDArray[np.float64], record_s: float, most_step_s: float, where: str) -> NDArray[np.intp]:
    """First record of each run: where one begins later than the stated end of the one before."""
    steps_s = np.diff(stated_s) - record_s
    early = np.flatnonzero(steps_s < -most_step_s)
    if len(early):
        before = int(early[0])
        end_s = stated_s[before] + record_s
        found = (
            f"record {before + 1} at {stated_s[before + 1]:.12g} s, before the end of the one before at {end_s:.12g} s"
        )
        raise _refusal("RECORDS_OVERLAP", where, found, "records in the order of time", "export the file again")
    return np.append(0, np.flatnonzero(steps_s > most_step_s) + 1)


def _runs(firsts: NDArray[np.intp], stated_s: NDArray[np.float64], record_s: float, most_step_s: float) -> list[Run]:
    runs: list[Run] = []
    for first, stop in zip(firsts.tolist(), [*firsts[1:].tolist(), len(stated_s)], strict=True):
        # decimal seconds: the difference of two is told to the digits they were written with
        start_s = round(float(stated_s[first] - stated_s[0]), 9)
        if runs:
            gap_s = float(stated_s[first] - stated_s[first - 1]) - record_s
            earliest_s = runs[-1].stop_s + gap_s  # later than stated after a run whose clock was slow
            start_s = start_s if earliest_s - start_s <= most_step_s else round(earliest_s, 9)
            start_s = max(start_s, runs[-1].stop_s)
        runs.append(Run(start_s, start_s + (stop - first) * record_s))
    return runs


def _within(firsts: NDArray[np.intp], starts_s: NDArray[np.float64], n: int, record_s: float) -> NDArray[np.float64]:
    """Time of each of n records where those of a run follow each other without a step."""
    lengths = np.diff(np.append(firsts, n))
    return np.repeat(starts_s, lengths) + (np.arange(n) - np.repeat(firsts, lengths)) * record_s


def _drift(
    stated_s: NDArray[np.float64], firsts: NDArray[np.intp], header: Header, most_step_s: float
) -> list[Finding]:
    """Tell how far stated times run away from the samples within a run, in the run where they do most."""
    n, record_s = len(stated_s), header.record_s
    off_s = stated_s - _within(firsts, stated_s[firsts], n, record_s)
    steps = _within(firsts, np.zeros(len(firsts)), n, 1.0)
    beyond_s = np.abs(off_s) - most_step_s - steps * header.record_s_quantum
    worst = int(beyond_s.argmax())
    if beyond_s[worst] <= 0:
        return []
    run = int(np.searchsorted(firsts, worst, side="right")) - 1
    span_s = float(np.diff(np.append(firsts, n))[run] * record_s)
    ppm = float(abs(off_s[worst])) / span_s * 1e6
    found = f"times that drift from the samples by {off_s[worst]:+.6g} s within {span_s:.9g} s ({ppm:.3g} ppm)"
    severity: Severity = "warning" if ppm > MOST_DRIFT_PPM else "info"
    hint = "they make one run; samples and marks keep the time of the samples"
    allowed = f"a clock that is right to {MOST_DRIFT_PPM:g} ppm"
    return [Finding.composed("CLOCK_DRIFT", severity, PLACE, found=found, allowed=allowed, hint=hint)]


def _coarse(half_digit_s: float, half_sample_s: float) -> list[Finding]:
    """Rounding that may hide more than a gap of half a sample, by a tenth of a sample or more."""
    if 4 * half_digit_s < 0.2 * half_sample_s:
        return []
    found = f"times rounded to {2 * half_digit_s:g} s, samples every {2 * half_sample_s:.3g} s"
    hint = f"a gap up to {4 * half_digit_s + half_sample_s:.3g} s may not be seen"
    return [Finding.composed("RECORD_TIMES_COARSE", "info", PLACE, found=found, hint=hint)]


def _gaps(gaps_s: NDArray[np.float64], plus: str) -> list[Finding]:
    if not len(gaps_s):
        return []
    total_s = gaps_s.sum()
    found = f"{len(gaps_s)} gaps of {total_s:.9g} s in all, the longest {gaps_s.max():.9g} s"
    found = found if len(gaps_s) > 1 else f"1 gap of {total_s:.9g} s"
    hint = "each stretch is filtered on its own"
    if plus == "D":
        return [Finding.composed("DISCONTINUOUS", "info", PLACE, found=found, hint=hint)]
    hint = f"the stated times are used, {hint}"
    allowed = "none in a file that does not say it has any"
    return [Finding.composed("DISCONTINUOUS", "warning", PLACE, found=found, allowed=allowed, hint=hint)]
