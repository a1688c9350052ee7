"""The pre-pass that looks for heart beats, and what a channel then says of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from emgpipe.filters.bandpass import BLOCK_S
from emgpipe.filters.beats import BeatShapes
from emgpipe.filters.heart import SLOW_RATE_HZ, confirmed, lead_beats
from emgpipe.frames.model import GAP, QRS, Heart
from emgpipe.frames.runs import RunSamples

Floats = NDArray[np.float64]

QRS_S = (-0.05, 0.08)
OTHER_QRS_S = (-0.08, 0.14)
"""Beats of another shape are wide, and not subtracted."""
PAUSE_INTERVALS = 3.0
"""Typical intervals without a beat from which on beats were missed."""


@dataclass(frozen=True, eq=False)
class Lead:
    """A channel that may show the heart: name, whether it was declared an ECG lead, its runs and rate."""

    label: str
    declared: bool
    runs: Sequence[RunSamples]
    rate_hz: float


@dataclass(frozen=True, eq=False)
class Heartbeats:
    """Beats of a recording on the gap-aware time line.

    Attributes
    ----------
    times_s, others_s : ndarray
        Beats of the common shape and others, seconds; empty where there is no heart.
    hidden_share : float
        Share of the lead in which EMG hides beats.
    source : str
        Label of the lead that told them.
    declared : bool
        It is an ECG lead: beats are then looked for in every channel, not in trunk leads only.
    why : str
        Why there are none, in words; `""` where there are.
    doubtful : bool
        There are none, and yet a lead shows something of one shape: what is left in it may be a heart.
    confirmed : bool
        They come from an ECG lead, or a second trunk lead shows them too.
    """

    times_s: Floats
    others_s: Floats
    hidden_share: float
    source: str
    declared: bool
    why: str = ""
    doubtful: bool = False
    confirmed: bool = True


@dataclass(frozen=True, eq=False)
class _Slow:
    """A lead at about 500 Hz, runs joined; `starts_s` and `edges`: time and sample at which each run begins."""

    lead: Lead
    uv: Floats
    rate_hz: float
    starts_s: Floats
    edges: NDArray[np.int64]

    def times(self, joined_s: Floats) -> Floats:
        """Turn seconds of the joined lead into seconds of the time line."""
        run = np.searchsorted(self.edges, joined_s * self.rate_hz, "right") - 1
        return joined_s - self.edges[run] / self.rate_hz + self.starts_s[run]


def find_heart(leads: Sequence[Lead]) -> Heartbeats | None:
    """Look for heart beats on the ECG lead, else on the trunk leads.

    Parameters
    ----------
    leads : sequence of Lead
        Those that were declared come first; the others are asked only if no declared one has a heart.

    Returns
    -------
    Heartbeats or None
        None without leads. With several trunk leads a second one must confirm the beats of the first; where none
        does, or a declared lead shows something of one shape that is no heart, `doubtful` is set.

    Notes
    -----
    Leads are looked at as means of neighbouring samples at 500-1000 Hz, runs joined; beats are given in the middle of
    such a mean, on the gap-aware time line. How they are found: `filters.heart`. Agreement of two leads is our own
    rule: a single motor unit that fires at 2/s passes every test that one lead allows.

    Examples
    --------
    >>> from emgpipe.simulate import qrs_train
    >>> rng = np.random.default_rng(1)
    >>> ecg_uv, truth_s = qrs_train(60000, 1000.0, rng)
    >>> x = (ecg_uv + rng.standard_normal(60000)).astype(np.float32)
    >>> lead = Lead("PSP_L", False, [RunSamples(0, 60000, lambda a, b: x[a:b])], 1000.0)
    >>> heart = find_heart([lead])
    >>> heart.source, heart.declared, len(truth_s) - len(heart.times_s) <= 2
    ('PSP_L', False, True)
    """
    told: Heartbeats | None = None
    for declared in (True, False):
        group = [lead for lead in leads if lead.declared == declared]
        if group:
            before, told = told, _agreed([_slow(lead) for lead in group])
            if not told.why:
                break
            told = replace(told, doubtful=told.doubtful or (before is not None and before.doubtful))
    return told


def _agreed(slow: Sequence[_Slow]) -> Heartbeats:
    """Beats of the surest lead that another one confirms."""
    found = [(lead, lead_beats(lead.uv, lead.rate_hz)) for lead in slow]
    accepted = sorted((pair for pair in found if not pair[1].refused), key=lambda pair: pair[1].between)
    for lead, beats in accepted:
        times_s = lead.times(beats.times_s + _centre_s(lead))
        others = [x for x in slow if x is not lead]
        if lead.lead.declared or not others or any(_confirms(x, times_s) for x in others):
            others_s = lead.times(beats.others_s + _centre_s(lead))
            share = float(beats.hidden.mean())
            sure = lead.lead.declared or bool(others)
            return Heartbeats(times_s, others_s, share, lead.lead.label, lead.lead.declared, confirmed=sure)
    none = np.zeros(0)
    why = "no second lead confirms them" if accepted else found[0][1].refused
    # beats that pass on one lead and stand alone: a motor unit, or a heart that one lead does not see
    doubtful = bool(accepted) or any(beats.doubtful for _, beats in found)
    return Heartbeats(none, none, 0.0, slow[0].lead.label, slow[0].lead.declared, why, doubtful)


def _centre_s(lead: _Slow) -> float:
    """A slow sample is the mean of several: its time is that of their middle."""
    return (round(lead.lead.rate_hz / lead.rate_hz) - 1) / 2 / lead.lead.rate_hz


def _confirms(lead: _Slow, times_s: Floats) -> bool:
    run = np.searchsorted(lead.starts_s, times_s, "right") - 1
    inside = run >= 0
    joined_s = lead.edges[run[inside]] / lead.rate_hz + times_s[inside] - lead.starts_s[run[inside]]
    return confirmed(lead.uv, joined_s, lead.rate_hz)


def _slow(lead: Lead) -> _Slow:
    """Means of neighbouring samples, block by block."""
    step = max(int(lead.rate_hz // SLOW_RATE_HZ), 1)
    block = round(BLOCK_S * lead.rate_hz) // step * step
    parts, starts, edges = [np.empty(0)], [], [0]
    for run in lead.runs:
        n = run.n_samples // step * step
        starts.append(run.place / lead.rate_hz)
        edges.append(edges[-1] + n // step)
        for first in range(0, n, block):
            x = run.read(first, min(first + block, n)).astype(np.float64)
            parts.append(x.reshape(-1, step).mean(1))
    return _Slow(lead, np.concatenate(parts), lead.rate_hz / step, np.array(starts), np.array(edges[:-1], np.int64))


def run_beats(heart: Heartbeats, run: RunSamples, rate_hz: float) -> NDArray[np.int64]:
    """Beats of the common shape in samples of a run.

    Parameters
    ----------
    heart : Heartbeats
        Beats of the recording.
    run : RunSamples
        Run of a channel.
    rate_hz : float
        Samples per second of that channel.

    Returns
    -------
    ndarray of int64, shape (n_beats,)
        Samples from the first of the run; beats outside the run are left out.

    Examples
    --------
    >>> heart = Heartbeats(np.array([0.5, 1.5, 2.5]), np.zeros(0), 0.0, "ECG", declared=True)
    >>> run_beats(heart, RunSamples(1000, 1000, lambda a, b: np.zeros(b - a, np.float32)), 1000.0).tolist()
    [500]
    """
    samples = np.round(heart.times_s * rate_hz).astype(np.int64) - run.place
    return np.asarray(samples[(samples >= 0) & (samples < run.n_samples)], np.int64)


def mark_qrs(
    reasons: NDArray[np.uint16],
    heart: Heartbeats,
    shown_s: Sequence[tuple[float, float]],
    rate_hz: float,
    hop: int,
) -> None:
    """Set QRS in every hop of which at least half lies in a beat, in place.

    Parameters
    ----------
    reasons : ndarray of uint16, shape (n_hops,)
        Reason bits of the channel.
    heart : Heartbeats
        Beats of the recording: the common ones reach from -50 to +80 ms, others from -80 to +140 ms.
    shown_s : sequence of (start, stop)
        Seconds in which the channel shows the heart; beats elsewhere mark nothing.
    rate_hz : float
        Samples per second.
    hop : int
        Samples a hop.

    Examples
    --------
    >>> heart = Heartbeats(np.array([1.0]), np.zeros(0), 0.0, "ECG", declared=True)
    >>> reasons = np.zeros(160, np.uint16)
    >>> mark_qrs(reasons, heart, [(0.0, 2.0)], 1000.0, 20)
    >>> np.flatnonzero(reasons == QRS).tolist()
    [47, 48, 49, 50, 51, 52, 53]
    """
    inside = np.zeros(len(reasons) * hop + 1, np.int32)
    for times_s, (before_s, after_s) in ((heart.times_s, QRS_S), (heart.others_s, OTHER_QRS_S)):
        shown = np.zeros(len(times_s), bool)
        for start_s, stop_s in shown_s:
            shown |= (times_s >= start_s) & (times_s <= stop_s)
        pairs = [(t + before_s, t + after_s) for t in times_s[shown].tolist()]
        edges = np.clip(np.round(np.array(pairs).reshape(-1, 2) * rate_hz).astype(int), 0, len(inside) - 1)
        np.add.at(inside, edges[:, 0], 1)
        np.add.at(inside, edges[:, 1], -1)
    share = (np.cumsum(inside[:-1]) > 0).reshape(len(reasons), hop).mean(1)
    reasons[share >= 0.5] |= QRS


def told_heart(heart: Heartbeats, chunks: Sequence[BeatShapes], mean_square: NDArray[np.float32],
               reasons: NDArray[np.uint16], duration_s: float) -> Heart:  # fmt: skip
    """What the frames say of the heart in one channel.

    Parameters
    ----------
    heart : Heartbeats
        Beats of the recording.
    chunks : sequence of BeatShapes
        What was learnt and subtracted in this channel.
    mean_square : ndarray, shape (n_hops,)
        Of the conditioned signal after subtraction, µV².
    reasons : ndarray of uint16, shape (n_hops,)
        Reason bits; QRS hops with another bit, and others with any, stay out of `residual`.
    duration_s : float
        Of the recording; beats a minute are 0 where it is 0.

    Returns
    -------
    Heart

    Examples
    --------
    >>> none = Heartbeats(np.zeros(0), np.zeros(0), 0.0, "PSP_L", declared=False, why="few peaks")
    >>> told = told_heart(none, [], np.ones(80, np.float32), np.zeros(80, np.uint16), 1.0)
    >>> told.n_beats, told.per_minute, told.residual, told.why
    (0, 0.0, nan, 'few peaks')
    """
    n_beats = sum(len(chunk.places) for chunk in chunks)
    residual = np.nan
    beat, other = reasons == QRS, reasons == 0
    if n_beats and beat.any() and other.any():
        residual = float(
            np.sqrt(np.mean(mean_square[beat], dtype=np.float64) / np.mean(mean_square[other], dtype=np.float64))
        )
    return Heart(
        source=heart.source, n_beats=n_beats,
        per_minute=60 * len(heart.times_s) / duration_s if duration_s > 0 else 0.0,
        hidden_share=heart.hidden_share, residual=residual, why=heart.why, doubtful=heart.doubtful,
        n_told=len(heart.times_s), missed_share=_missed_share(heart, reasons, duration_s), confirmed=heart.confirmed,
    )  # fmt: skip


def _missed_share(heart: Heartbeats, reasons: NDArray[np.uint16], duration_s: float) -> float:
    """Share of the recorded hops that lie further from any beat than a heart ever pauses; 0 without beats."""
    beats_s = np.sort(np.concatenate([heart.times_s, heart.others_s]))
    if len(beats_s) < 2 or not len(reasons):
        return 0.0
    hops_s = (np.arange(len(reasons)) + 0.5) * duration_s / len(reasons)
    place = np.searchsorted(beats_s, hops_s)
    before_s = hops_s - beats_s[np.maximum(place - 1, 0)]
    after_s = beats_s[np.minimum(place, len(beats_s) - 1)] - hops_s
    far = np.minimum(np.abs(before_s), np.abs(after_s)) > PAUSE_INTERVALS / 2 * np.median(np.diff(beats_s))
    recorded = (reasons & GAP) == 0
    return float(far[recorded].mean()) if recorded.any() else 0.0
