"""What is true of a simulated recording, measured on its clean signals by the words of the definitions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emgpipe.intervals import Intervals
from emgpipe.simulate.band import Floats, band_passed, windowed_rms_uv
from emgpipe.simulate.drive import Timing
from emgpipe.simulate.scenarios import SimulatedChannel

TASK = "supine"
"""Of every simulated recording."""
INTERVAL_COLUMNS = (
    *("subject", "visit", "recording", "target", "kind", "start_s", "stop_s", "cut_start", "cut_stop", "reason"),
)
"""Of truth_intervals.csv: those of intervals.csv."""
POTENTIAL_S = 0.02  # a unit is on for this long after a discharge
JOINED_S = 0.3  # discharges no further apart are one stretch of activity
RESPONSE_S = (0.04, 5.0)
BEFORE_S = 0.2
RESIDUE_S = (5.0, 10.0)


def active_stretches(discharges_s: Sequence[NDArray[np.float64]], duration_s: float) -> Intervals:
    """When a muscle is on: discharges of any unit up to 0.3 s apart, joined, and 20 ms after the last.

    Parameters
    ----------
    discharges_s : sequence of ndarray
        Seconds, one array a unit.
    duration_s : float
        Length of the recording; stretches end there.

    Returns
    -------
    Intervals
        Seconds.

    Examples
    --------
    >>> active_stretches([np.array([1.0, 1.5]), np.array([1.25, 4.0])], 10.0).pairs.tolist()
    [[1.0, 1.52], [4.0, 4.02]]
    """
    times_s = np.sort(np.concatenate([np.zeros(0), *discharges_s]))
    if not len(times_s):
        return Intervals.of([])
    breaks = np.flatnonzero(np.diff(times_s) > JOINED_S)
    starts = times_s[np.concatenate([[0], breaks + 1])]
    stops = times_s[np.concatenate([breaks, [len(times_s) - 1]])] + POTENTIAL_S
    return Intervals(np.column_stack([starts, np.minimum(stops, duration_s)]))


def muscle_truth(channel: SimulatedChannel, trains_s: list[NDArray[np.float64]], timing: Timing) -> dict[str, Any]:
    """Truth of a muscle in rest, and of its reference contraction.

    Parameters
    ----------
    channel : SimulatedChannel
        Of the muscle.
    trains_s : list of ndarray
        Discharges of each unit, seconds.
    timing : Timing
        Where rest and reference are.

    Returns
    -------
    dict
        As in `simulate_visit`.
    """
    clean_uv = band_passed(channel.clean_uv, channel.rate_hz)
    n_rest = round(timing.rest_s * channel.rate_hz)
    rest_uv = clean_uv[:n_rest]
    on = channel.active.overlap(Intervals.of([(0.0, timing.rest_s)]))
    inside = Intervals(np.round(on.pairs * channel.rate_hz)).mask(n_rest)
    p10, p50, p90 = np.quantile(windowed_rms_uv(rest_uv, channel.rate_hz), [0.1, 0.5, 0.9]).tolist()
    truth = {
        "floor_uv": channel.floor_uv,
        "active_fraction": on.duration / timing.rest_s,
        "rms_on_uv": float(np.sqrt(np.mean(rest_uv[inside] ** 2))) if inside.any() else 0.0,
        "rest_rms_uv": float(np.median(windowed_rms_uv(rest_uv, channel.rate_hz, 1.0, 1.0))),
        "apdf_p10_uv": p10,
        "apdf_p50_uv": p50,
        "apdf_p90_uv": p90,
        "units": sum(bool((t < timing.rest_s).any()) for t in trains_s),
        "spasms_s": channel.events.pairs.tolist(),
    }
    if timing.reference_s:
        reference_uv = clean_uv[n_rest : n_rest + round(timing.reference_s * channel.rate_hz)]
        truth["reference_rms_uv"] = float(np.median(windowed_rms_uv(reference_uv, channel.rate_hz, 1.0, 1.0)))
    return truth


def pair_truth(channels: Sequence[SimulatedChannel], agonist: str, antagonist: str, timing: Timing) -> dict[str, Any]:
    """Truth of a pair in rest.

    Parameters
    ----------
    channels : sequence of SimulatedChannel
        All muscles of the visit.
    agonist, antagonist : str
        Names.
    timing : Timing
        Where rest is.

    Returns
    -------
    dict
        `cc_overlap_uv`: mean of the smaller clean RMS of 100 ms windows.
    """
    by_name = {c.name: c for c in channels}
    first, second = (_envelope_100_ms_uv(by_name[name], timing) for name in (agonist, antagonist))
    return {"cc_overlap_uv": float(np.mean(np.minimum(first, second)))}


def _envelope_100_ms_uv(channel: SimulatedChannel, timing: Timing) -> Floats:
    rest_uv = band_passed(channel.clean_uv, channel.rate_hz)[: round(timing.rest_s * channel.rate_hz)]
    return windowed_rms_uv(rest_uv, channel.rate_hz, 0.1, 0.05)


def response_areas_uvs(channel: SimulatedChannel, stimuli_s: Sequence[float]) -> list[float]:
    """Area of the clean responses to stimuli.

    Parameters
    ----------
    channel : SimulatedChannel
        Of a muscle.
    stimuli_s : sequence of float
        Seconds.

    Returns
    -------
    list of float
        µV s, one a stimulus: rectified EMG from 40 ms to 5 s after it, or to the next one, less the mean of the 200 ms
        before it.
    """
    rectified_uv, rate_hz = np.abs(band_passed(channel.clean_uv, channel.rate_hz)), channel.rate_hz
    ends_s = [*stimuli_s[1:], channel.duration_s]
    areas: list[float] = []
    for at_s, next_s in zip(stimuli_s, ends_s, strict=True):
        after = rectified_uv[
            round((at_s + RESPONSE_S[0]) * rate_hz) : round(min(at_s + RESPONSE_S[1], next_s) * rate_hz)
        ]
        before = rectified_uv[round((at_s - BEFORE_S) * rate_hz) : round(at_s * rate_hz)]
        areas.append(float((after - before.mean()).sum() / rate_hz))
    return areas


def residues_uv(channel: SimulatedChannel, cues_s: Sequence[float]) -> list[float]:
    """What a muscle still does after relax cues.

    Parameters
    ----------
    channel : SimulatedChannel
        Of a muscle.
    cues_s : sequence of float
        Seconds; the recording goes on for 10 s or more after each.

    Returns
    -------
    list of float
        µV, one a cue: median clean RMS of the 1 s windows from 5 to 10 s after it.
    """
    clean_uv, rate_hz = band_passed(channel.clean_uv, channel.rate_hz), channel.rate_hz
    places = [(round((cue_s + RESIDUE_S[0]) * rate_hz), round((cue_s + RESIDUE_S[1]) * rate_hz)) for cue_s in cues_s]
    return [float(np.median(windowed_rms_uv(clean_uv[a:b], rate_hz, 1.0, 0.5))) for a, b in places]


def truth_intervals(
    subject: str, visit: str, channels: Sequence[SimulatedChannel], pairs: Sequence[tuple[str, str]]
) -> list[list[str | int | float]]:
    """Rows of truth_intervals.csv of a recording.

    Parameters
    ----------
    subject, visit : str
        Names; the recording is `subject_visit_supine`.
    channels : sequence of SimulatedChannel
        Of all muscles.
    pairs : sequence of (str, str)
        Agonist and antagonist.

    Returns
    -------
    list of list
        In the order of `INTERVAL_COLUMNS`: `active`, `silent` and `spasm` of each muscle, `coactive` of each pair. All
        of the recording, the reference too; seconds to the microsecond. Active is a muscle from a discharge of its own
        units on, however far below the noise (`active_stretches`).

    Examples
    --------
    >>> from emgpipe.simulate import scenario
    >>> rows = truth_intervals("S01", "V1", [scenario("ends_active", seed=1)], [])
    >>> rows[0][2], [row[4:7] for row in rows]
    ('S01_V1_supine', [['active', 45.0, 90.0], ['silent', 0.0, 45.0]])
    """
    told = [(c.name, *one) for c in channels for one in _muscle_stretches(c)]
    by_name = {c.name: c for c in channels}
    for agonist, antagonist in pairs:
        told.append(
            (f"{agonist}/{antagonist}", "coactive", by_name[agonist].active.overlap(by_name[antagonist].active))
        )
    end_s = max(round(c.duration_s, 6) for c in channels)
    rows: list[list[str | int | float]] = []
    for target, kind, stretches in told:
        for start_s, stop_s in stretches.pairs.round(6).tolist():
            if start_s < stop_s:
                cuts = ["true" if cut else "false" for cut in (start_s == 0, stop_s == end_s)]
                rows.append([subject, visit, f"{subject}_{visit}_{TASK}", target, kind, start_s, stop_s, *cuts, ""])
    return rows


def _muscle_stretches(channel: SimulatedChannel) -> list[tuple[str, Intervals]]:
    edges = np.concatenate([[0.0], channel.active.pairs.ravel(), [channel.duration_s]]).reshape(-1, 2)
    silent = Intervals(edges[edges[:, 0] < edges[:, 1]])
    return [("active", channel.active), ("silent", silent), ("spasm", channel.events)]
