"""Heart beats on a lead: found in 8-35 Hz at about 500 Hz, accepted only where they behave like a heart.

A kept library (sleepecg) finds beats as well as this where there are beats, and finds 70-270 a
minute in noise, EMG and mains where there are none: it cannot say no (decision 0017).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

SLOW_RATE_HZ = 500.0
"""Leads are looked at at about this rate."""
QRS_HZ = (8.0, 35.0)
WITNESS_HZ = ((35.0, 120.0, 0.05), (1.0, 6.0, 0.25))
"""Bands that the search does not use, and half the width in s of the beat in them."""
SEGMENT_S = 300.0
"""Each stretch of this length has a shape of its own: people turn over."""
BEFORE_S, AFTER_S = 0.07, 0.10
LEAST_BEATS = 8
REFRACTORY_S = 0.28
LEVEL_S = 3.0
RR_S = (0.4, 1.6)
FASTEST_RR_S = 0.25
"""No heart beats faster; motor units do."""
MOST_IRREGULAR = 0.25
MOST_BETWEEN = 0.6
"""Largest third quartile of what stands between beats, over a beat."""
LEAST_SHAPE = 4.0
"""Energy of the mean beat in a witness band over that of a mean of unlike stretches."""
HIDDEN = 0.28
"""Spread of the matched filter over a beat from which on beats cannot be told from EMG."""
CONFIRMED = 3.0


@dataclass(frozen=True, eq=False)
class Beats:
    """Beats of one lead, or of one stretch of it.

    Attributes
    ----------
    times_s : ndarray, shape (n_beats,)
        Beats of the common shape, seconds from the first sample, ascending; empty where `refused`.
    others_s : ndarray
        Beats of another shape (ectopic).
    hidden : ndarray of bool, shape (n_samples,)
        Where EMG hides beats.
    between : float
        Third quartile of what stands between beats over a beat; the smaller, the surer.
    refused : str
        Why this is no heart, in words; `""` where it is.
    doubtful : bool
        Refused, and yet of one shape: a heart that beats unevenly, or something like it.
    """

    times_s: Floats
    others_s: Floats
    hidden: NDArray[np.bool_]
    between: float
    refused: str = ""
    doubtful: bool = False

    @classmethod
    def none(cls, why: str, hidden: NDArray[np.bool_], *, doubtful: bool = False) -> "Beats":
        """No beats, and why."""
        return cls(np.zeros(0), np.zeros(0), hidden, np.inf, why, doubtful)


def lead_beats(lead_uv: Floats, rate_hz: float) -> Beats:
    """Look for a heart on a whole lead, a stretch of five minutes at a time.

    Parameters
    ----------
    lead_uv : ndarray, shape (n_samples,)
        Raw µV without NaN, from an ECG or trunk lead.
    rate_hz : float
        About `SLOW_RATE_HZ`.

    Returns
    -------
    Beats
        Refused unless at least half of the stretches are accepted; refused stretches count as hidden then.

    Notes
    -----
    Matched filter with the lead's own mean beat in 8-35 Hz, found in turns with its beats (after Pan and
    Tompkins 1985, doi:10.1109/TBME.1985.325532, with a learnt shape in place of fixed thresholds). A heart
    must be slow and even (RR 0.4-1.6 s, scatter <= 25 %), stand above all between its beats, and have one
    shape in bands that the search does not use. A motor unit at 2/s passes on one lead alone.

    Examples
    --------
    >>> from emgpipe.simulate import qrs_train
    >>> rng = np.random.default_rng(1)
    >>> ecg_uv, truth_s = qrs_train(30000, 500.0, rng)
    >>> beats = lead_beats(ecg_uv + rng.standard_normal(30000), 500.0)
    >>> len(truth_s) - len(beats.times_s) <= 2
    True
    """
    cuts = np.linspace(0, len(lead_uv), max(round(len(lead_uv) / rate_hz / SEGMENT_S), 1) + 1).astype(int).tolist()
    parts = [find_beats(lead_uv[a:b], rate_hz) for a, b in pairwise(cuts)]
    good = [p for p in parts if not p.refused]
    if 2 * len(good) < len(parts):
        bad = [p for p in parts if p.refused]
        hidden = np.concatenate([p.hidden for p in parts])
        return Beats.none(bad[0].refused, hidden, doubtful=2 * sum(p.doubtful for p in parts) >= len(parts))
    starts_s = np.array(cuts[:-1]) / rate_hz
    return Beats(
        np.concatenate([p.times_s + s for p, s in zip(parts, starts_s, strict=True)]),
        np.concatenate([p.others_s + s for p, s in zip(parts, starts_s, strict=True)]),
        np.concatenate([np.ones_like(p.hidden) if p.refused else p.hidden for p in parts]),
        float(np.median([p.between for p in good])),
    )


def find_beats(lead_uv: Floats, rate_hz: float) -> Beats:
    """Look for a heart in one stretch of a lead, which has one shape throughout.

    Parameters
    ----------
    lead_uv : ndarray, shape (n_samples,)
        Raw µV without NaN.
    rate_hz : float
        About `SLOW_RATE_HZ`; at least 100.

    Returns
    -------
    Beats
        Refused below 12.8 s, and where what repeats does not behave like a heart.

    Notes
    -----
    After Pan and Tompkins (1985, doi:10.1109/TBME.1985.325532). Deviations: an envelope in place of squared slopes; a
    matched filter with the stretch's own mean beat in place of adapting thresholds; no search back, as a beat that
    does not fit is hidden or of another shape; and a verdict that can refuse the whole stretch, which theirs cannot.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> find_beats(rng.standard_normal(30000), 500.0).refused != ""
    True
    >>> find_beats(np.zeros(5000), 500.0).refused
    'too short to tell'
    """
    seen = np.zeros(len(lead_uv), bool)
    if len(lead_uv) < LEAST_BEATS * rate_hz * RR_S[1]:
        return Beats.none("too short to tell", seen, doubtful=True)
    u = _band(lead_uv, rate_hz, *QRS_HZ)
    envelope = np.sqrt(_moving_mean(u * u, round(0.1 * rate_hz)))
    level = _running_median(envelope, LEVEL_S, rate_hz)
    first = _candidates(envelope, rate_hz)
    if len(first) < LEAST_BEATS:
        return Beats.none("few peaks", seen)
    template = _template(u, first, level, rate_hz)
    fit = _matched(u, template, rate_hz)
    spread = 1.4826 * _running_median(np.abs(fit), LEVEL_S, rate_hz)
    beats, hidden = _matching(u, template, fit, spread, rate_hz)
    if len(beats) < LEAST_BEATS:
        return Beats.none("few beats of one shape", seen)
    others = _others(envelope, level, beats, rate_hz)
    between, doubtful, why = _verdict(lead_uv, fit, beats, others, hidden, rate_hz)
    if why:
        return Beats.none(why, seen, doubtful=doubtful)
    return Beats(beats / rate_hz, others / rate_hz, hidden, between)


def confirmed(lead_uv: Floats, times_s: Floats, rate_hz: float) -> bool:
    """Whether another lead has a shape in common at these beats: a heart is everywhere, a motor unit is not.

    Parameters
    ----------
    lead_uv : ndarray, shape (n_samples,)
        Raw µV of the other lead, without NaN.
    times_s : ndarray, shape (n_beats,)
        Beats of the first lead, seconds from the first sample; those within 80 ms of an end are left out.
    rate_hz : float
        Samples per second.

    Returns
    -------
    bool
        False without beats.

    Notes
    -----
    Own rule: `shape_energy` in 8-35 Hz of at least `CONFIRMED`. Its expectation is 1, so a heart of a sixth of the
    noise is confirmed by a minute of beats; chance reaches 3 in fewer than one lead in forty.

    Examples
    --------
    >>> from emgpipe.simulate import qrs_train
    >>> rng = np.random.default_rng(1)
    >>> ecg_uv, beats_s = qrs_train(30000, 500.0, rng)
    >>> noise_uv = 5 * rng.standard_normal(30000)
    >>> confirmed(noise_uv - 0.2 * ecg_uv, beats_s, 500.0), confirmed(noise_uv, beats_s, 500.0)
    (True, False)
    """
    return shape_energy(lead_uv, np.round(times_s * rate_hz).astype(np.int64), rate_hz, *QRS_HZ, 0.08) >= CONFIRMED


def _band(x: Floats, rate_hz: float, low_hz: float, high_hz: float, order: int = 2) -> Floats:
    sos = signal.butter(order, [low_hz, min(high_hz, 0.42 * rate_hz)], "band", fs=rate_hz, output="sos")
    return np.asarray(signal.sosfiltfilt(sos, x), np.float64)


def _moving_mean(x: Floats, n: int) -> Floats:
    return np.convolve(x, np.ones(n) / n, "same")


def _running_median(x: Floats, length_s: float, rate_hz: float) -> Floats:
    """Median over a centred window on a coarse grid, interpolated."""
    half = round(length_s * rate_hz / 2)
    centres = np.arange(0, len(x), max(half // 4, 1))
    medians = [np.median(x[max(c - half, 0) : c + half + 1]) for c in centres.tolist()]
    return np.interp(np.arange(len(x)), centres, medians)


def _candidates(envelope: Floats, rate_hz: float) -> Places:
    """Peaks half as high as those of a typical 1.5 s, away from the ends."""
    n = round(1.5 * rate_hz)
    tops = envelope[: len(envelope) // n * n].reshape(-1, n).max(1)
    places, _ = signal.find_peaks(envelope, height=0.5 * np.median(tops), distance=round(0.3 * rate_hz))
    return np.asarray(places[(places > 0.3 * rate_hz) & (places < len(envelope) - 0.5 * rate_hz)], np.int64)


def _cut(u: Floats, places: Places, rate_hz: float) -> Floats:
    """Stretches around places, shape (n_places, n)."""
    around = np.arange(-round(BEFORE_S * rate_hz), round(AFTER_S * rate_hz))
    return np.asarray(u[places[:, None] + around], np.float64)


def _template(u: Floats, places: Places, level: Floats, rate_hz: float) -> Floats:
    """Mean beat: quiet ones weigh most, unlike ones are left out, each is moved to where it fits best."""
    weight = 1 / np.maximum(level[places], np.quantile(level, 0.05)) ** 2
    weight = np.minimum(weight, 4 * np.median(weight))
    reach = round(0.05 * rate_hz)
    near = np.abs(u[places[:, None] + np.arange(-reach, reach)])
    places = _inside(places - reach + near.argmax(1), len(u), rate_hz)
    cut = _cut(u, places, rate_hz)
    template = np.median(cut[weight >= np.median(weight)], axis=0)
    for _ in range(4):
        fit = _matched(u, template, rate_hz)
        step = round(0.032 * rate_hz)
        near = fit[np.clip(places[:, None] + np.arange(-step, step + 1), 0, len(u) - 1)]
        places = _inside(places - step + near.argmax(1), len(u), rate_hz)
        cut = _cut(u, places, rate_hz)
        alike = _likeness(cut, template) > 0.6
        if alike.sum() < LEAST_BEATS - 2:
            break
        template = np.average(cut[alike], axis=0, weights=weight[alike])
    return np.asarray(template, np.float64)


def _inside(places: Places, n: int, rate_hz: float) -> Places:
    return np.clip(places, round(BEFORE_S * rate_hz), n - round(AFTER_S * rate_hz) - 1)


def _likeness(cut: Floats, template: Floats) -> Floats:
    """Correlation of stretches with the template."""
    energy = (cut * cut).sum(1) * (template * template).sum()
    return np.asarray((cut * template).sum(1) / np.sqrt(energy + 1e-20), np.float64)


def _matched(u: Floats, template: Floats, rate_hz: float) -> Floats:
    """Amplitude of the template at each sample, 1 for a beat like the mean."""
    before = round(BEFORE_S * rate_hz)
    padded = np.concatenate([np.zeros(before), u, np.zeros(len(template) - before - 1)])
    fit = signal.fftconvolve(padded, template[::-1], "valid") / (template * template).sum()
    return np.asarray(fit, np.float64)


def _matching(
    u: Floats, template: Floats, fit: Floats, spread: Floats, rate_hz: float
) -> tuple[Places, NDArray[np.bool_]]:
    """Places that fit the template, and where beats are hidden."""
    places, _ = signal.find_peaks(fit, height=0.5, distance=round(REFRACTORY_S * rate_hz))
    inner = (places > BEFORE_S * rate_hz) & (places < len(u) - AFTER_S * rate_hz - 1)
    places = places[inner]
    alike = _likeness(_cut(u, places, rate_hz), template) if len(places) else np.zeros(0)
    typical = float(np.median(fit[places][alike > 0.7])) if (alike > 0.7).sum() > 5 else 1.0
    hidden = spread > HIDDEN * typical
    high = fit[places]
    good = (alike > 0.55) & (high > np.maximum(0.5 * typical, 3 * spread[places])) & (high < 2.2 * typical)
    return places[good & ~hidden[places]], hidden


def _others(envelope: Floats, level: Floats, beats: Places, rate_hz: float) -> Places:
    """Beats of another shape: as strong, in quiet surroundings, away from every common beat."""
    typical = np.median(envelope[beats])
    places, _ = signal.find_peaks(envelope, height=0.45 * typical, distance=round(0.25 * rate_hz))
    place = np.searchsorted(beats, places)
    left = places - beats[np.maximum(place - 1, 0)]
    right = beats[np.minimum(place, len(beats) - 1)] - places
    apart = np.minimum(np.abs(left), np.abs(right)) > 0.22 * rate_hz
    quiet = level[places] < 0.3 * envelope[places]
    return np.asarray(places[apart & quiet & (envelope[places] < 4 * typical)], np.int64)


def _verdict(
    lead_uv: Floats, fit: Floats, beats: Places, others: Places, hidden: NDArray[np.bool_], rate_hz: float
) -> tuple[float, bool, str]:
    """What stands between beats, whether these could be an uneven heart, and why these are none."""
    rr_s = np.diff(np.sort(np.concatenate([beats, others]))) / rate_hz
    typical_s = float(np.median(rr_s))
    irregular = 1.4826 * float(np.median(np.abs(rr_s - typical_s))) / typical_s
    between = _between(fit, beats, others, hidden, typical_s, rate_hz)
    shape = max(shape_energy(lead_uv, beats, rate_hz, *band) for band in WITNESS_HZ)
    why = [
        "rate" if not RR_S[0] <= typical_s <= RR_S[1] else "",
        "irregular" if irregular > MOST_IRREGULAR else "",
        "much between beats" if between > MOST_BETWEEN else "",
        "no shape in other bands" if shape < LEAST_SHAPE else "",
    ]
    doubtful = typical_s >= FASTEST_RR_S and shape >= LEAST_SHAPE and between <= MOST_BETWEEN
    return between, doubtful, ", ".join(w for w in why if w)


def _between(
    fit: Floats, beats: Places, others: Places, hidden: NDArray[np.bool_], typical_s: float, rate_hz: float
) -> float:
    size = np.abs(fit)
    reach = round(0.2 * rate_hz)
    for place in np.concatenate([beats, others]).tolist():
        size[max(place - reach, 0) : place + reach] = 0
    tops = [
        size[a:b].max()
        for a, b in zip(beats[:-1].tolist(), beats[1:].tolist(), strict=True)
        if b - a < 1.6 * typical_s * rate_hz and not hidden[a] and not hidden[b]
    ]
    return float(np.quantile(tops, 0.75) / np.median(fit[beats])) if tops else np.inf


def shape_energy(lead_uv: Floats, beats: Places, rate_hz: float, low_hz: float, high_hz: float, half_s: float) -> float:
    """Energy of the mean beat in a band over its expectation for stretches that have nothing in common.

    Parameters
    ----------
    lead_uv : ndarray, shape (n_samples,)
        Raw µV without NaN.
    beats : ndarray of int64
        Samples; those within `half_s` of an end are left out.
    rate_hz, low_hz, high_hz : float
        Sampling rate and edges of the band, Hz; the upper one is kept below 0.42 of the rate.
    half_s : float
        Half the width of a stretch, seconds.

    Returns
    -------
    float
        About 1 for stretches that have nothing in common, the number of beats for equal ones, 0 without beats.

    Notes
    -----
    Every stretch counts with equal energy: the mean of n unlike stretches then has 1/n of it (own rule; the
    averaging of evoked potentials read backwards).

    Examples
    --------
    >>> x = np.zeros(5000)
    >>> x[500:4500:500] = 1.0
    >>> round(shape_energy(x, np.arange(500, 4500, 500), 500.0, 8.0, 35.0, 0.08), 1)
    8.0
    """
    v = _band(lead_uv, rate_hz, low_hz, high_hz, 3)
    half = round(half_s * rate_hz)
    inner = beats[(beats > half) & (beats < len(v) - half)]
    if not len(inner):
        return 0.0
    cut = v[inner[:, None] + np.arange(-half, half)]
    cut = cut / (np.sqrt((cut * cut).mean(1, keepdims=True)) + 1e-12)
    return float(len(cut) * (cut.mean(0) ** 2).mean())
