"""Measures of an agonist/antagonist pair."""

from dataclasses import replace
from typing import Literal

import numpy as np

from emgpipe.detectors import cocontraction
from emgpipe.detectors.cocontraction import PairEnvelopes
from emgpipe.detectors.crosstalk import without_common
from emgpipe.detectors.precision import Span, ratio_span, share_span
from emgpipe.detectors.witnesses import Floats
from emgpipe.measures.reference import NO_REFERENCE
from emgpipe.measures.views import PairView, Reading

SLOT_WINDOWS = 10
"""Windows of envelopes, 50 ms apart, that are summed before the precision of a mean is told."""


def _overlap_reading(value: float, view: PairView, envelopes: PairEnvelopes | None = None) -> Reading:
    detect = view.agonist.detect
    pair = envelopes or view.envelopes
    used_s = min(view.length_s * float(pair.defined.mean()), view.recorded_s)
    unsure = pair.undeterminable_share
    if unsure > detect.most_undeterminable or not np.isfinite(value):
        return Reading.none("MOSTLY_UNDETERMINABLE")
    flagged = unsure > detect.flag_undeterminable
    return Reading(value, flags=("PARTLY_UNDETERMINABLE",) if flagged else (), used_s=used_s)


def cc_overlap_uv(view: PairView) -> Reading:
    """Mean of the lower envelope."""
    return _overlap(view, view.envelopes)


def _overlap(view: PairView, pair: PairEnvelopes) -> Reading:
    lower = np.minimum(pair.first.value_uv, pair.second.value_uv)
    return _overlap_reading(cocontraction.overlap_uv(pair), view, pair).within(_mean_span(lower, view, least=0.0))


def cc_overlap_xt_uv(view: PairView) -> Reading:
    """Mean of the lower envelope, less the power that both have in common."""
    if view.covariance is None:
        return Reading.none("UNEQUAL_RATES", "not_measured")
    judged = view.agonist.judged, view.antagonist.judged
    floors_uv = judged[0].floor.floor_uv, judged[1].floor.floor_uv
    levels = judged[0].levels, judged[1].levels
    left = without_common(view.envelopes, view.covariance, levels, floors_uv, view.agonist.segment.start_s)
    reading = _overlap(view, left)
    if reading.used_s is not None and reading.used_s < view.agonist.settings.least_usable_s:
        return replace(Reading.none("TOO_SHORT"), used_s=reading.used_s)
    return reading


def imc_low_z(view: PairView) -> Reading:
    """Coherence of both hop RMS in 2-15 Hz, as a standard normal number."""
    one, other = view.agonist.judged.frames, view.antagonist.judged.frames
    if one.rate_hz != other.rate_hz:
        return Reading.none("UNEQUAL_RATES", "not_measured")
    if any(frames.heart is not None and frames.heart.n_beats for frames in (one, other)):
        return Reading.none("QRS", "not_measured")
    said = view.beside.coherence
    if not np.isfinite(said.z):
        return replace(Reading.none("TOO_SHORT"), used_s=said.used_s)
    return Reading(said.z, used_s=said.used_s)


def cc_rudolph_uv(view: PairView) -> Reading:
    """Mean of (low/high)(low + high)."""
    one, other = view.envelopes.first.value_uv, view.envelopes.second.value_uv
    high = np.maximum(one, other)
    ratio = np.divide(np.minimum(one, other), high, out=0.0 * high, where=high > 0)
    span = _mean_span(ratio * (one + other), view, least=0.0)
    return _overlap_reading(cocontraction.rudolph_uv(view.envelopes), view).within(span)


def cc_fw_pct(view: PairView) -> Reading:
    """Falconer-Winter share of common area, on envelopes over an external reference."""
    muscles = (view.agonist.judged.frames.muscle, view.antagonist.judged.frames.muscle)
    references = [view.references.get(m, NO_REFERENCE) for m in muscles]
    levels_uv = [level.level_uv for level in references if level.level_uv is not None]
    if len(levels_uv) < 2:
        refused = dict.fromkeys(level.refused for level in references if level.refused)
        return Reading.none(";".join(refused), "not_measured")
    pair = view.envelopes
    total = pair.first.value_uv[pair.defined] + pair.second.value_uv[pair.defined]
    if not len(total) or total.mean() < 2 * view.louder_floor.judged.floor.floor_uv:
        return Reading.none("BOTH_NEAR_FLOOR", "not_measured")
    reading = _overlap_reading(cocontraction.falconer_winter_pct(pair, (levels_uv[0], levels_uv[1])), view)
    doubts = [code for level in references for code in level.codes]
    one, other = pair.first.value_uv / levels_uv[0], pair.second.value_uv / levels_uv[1]
    span = ratio_span(
        200 * np.minimum(one, other), one + other, view.agonist.detect, per_slot=SLOT_WINDOWS, least=0.0, most=100.0
    )
    return replace(reading, flags=(*reading.flags, *doubts)).within(span)


def coact_frac(view: PairView) -> Reading:
    """Share of time in which both are active."""
    both = _active(view, "first") * _active(view, "second")
    span = share_span(both, np.ones(len(both)), view.agonist.detect, per_slot=SLOT_WINDOWS)
    return _overlap_reading(cocontraction.coactivity(view.envelopes)[0], view).within(span)


def coact_excess(view: PairView) -> Reading:
    """Co-active share over that of two independent muscles."""
    reading = _overlap_reading(cocontraction.coactivity(view.envelopes)[1], view)
    if reading.value is None:
        return reading
    one, other = _active(view, "first"), _active(view, "second")
    p, q = float(np.nanmean(one)), float(np.nanmean(other))
    # the product of two means, linearised
    return reading.within(_mean_span(one * other - q * one - p * other + p * q, view, least=-0.25, most=0.25))


def _active(view: PairView, which: Literal["first", "second"]) -> Floats:
    """1 where a muscle is active, else 0; NaN where either envelope has no value."""
    active = getattr(view.envelopes, which).active
    return np.asarray(np.where(view.envelopes.defined, active, np.nan), np.float64)


def _mean_span(series: Floats, view: PairView, least: float, most: float = np.inf) -> Span:
    ones = np.ones(len(series))
    return ratio_span(series, ones, view.agonist.detect, per_slot=SLOT_WINDOWS, least=least, most=most)


def xt_r0(view: PairView) -> Reading:
    """Largest correlation within +-2 ms, median over the seconds in which crosstalk could be there."""
    if view.covariance is None:
        return Reading.none("UNEQUAL_RATES", "not_measured")
    said = view.crosstalk
    if said.told_s < view.agonist.settings.least_reference_s:
        return replace(Reading.none("TOO_SHORT"), used_s=said.told_s)
    return Reading(said.r0, used_s=said.used_s)
