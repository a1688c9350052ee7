"""Measures of an agonist/antagonist pair."""

import numpy as np

from emgpipe.detectors import cocontraction
from emgpipe.measures.views import PairView, Reading


def _overlap_reading(value: float, view: PairView) -> Reading:
    detect = view.agonist.detect
    pair = view.envelopes
    used_s = float(pair.defined.sum() * cocontraction.STEP_S)
    unsure = pair.undeterminable_share
    if unsure > detect.most_undeterminable or not np.isfinite(value):
        return Reading.none("MOSTLY_UNDETERMINABLE")
    flagged = unsure > detect.flag_undeterminable
    return Reading(value, flags=("PARTLY_UNDETERMINABLE",) if flagged else (), used_s=used_s)


def cc_overlap_uv(view: PairView) -> Reading:
    """Mean of the lower envelope."""
    return _overlap_reading(cocontraction.overlap_uv(view.envelopes), view)


def cc_rudolph_uv(view: PairView) -> Reading:
    """Mean of (low/high)(low + high)."""
    return _overlap_reading(cocontraction.rudolph_uv(view.envelopes), view)


def cc_fw_pct(view: PairView) -> Reading:
    """Falconer-Winter share of common area, on envelopes over an external reference."""
    muscles = (view.agonist.judged.frames.muscle, view.antagonist.judged.frames.muscle)
    if not all(view.reference_uv.get(m, 0.0) > 0 for m in muscles):
        return Reading.none("NO_REFERENCE", "not_measured")
    pair = view.envelopes
    total = pair.first.value_uv[pair.defined] + pair.second.value_uv[pair.defined]
    if not len(total) or total.mean() < 2 * view.louder_floor.judged.floor.floor_uv:
        return Reading.none("BOTH_NEAR_FLOOR", "not_measured")
    value = cocontraction.falconer_winter_pct(pair, (view.reference_uv[muscles[0]], view.reference_uv[muscles[1]]))
    return _overlap_reading(value, view)


def coact_frac(view: PairView) -> Reading:
    """Share of time in which both are active."""
    return _overlap_reading(cocontraction.coactivity(view.envelopes)[0], view)


def coact_excess(view: PairView) -> Reading:
    """Co-active share over that of two independent muscles."""
    return _overlap_reading(cocontraction.coactivity(view.envelopes)[1], view)


def xt_r0(view: PairView) -> Reading:
    """Largest correlation within +-2 ms, median over seconds."""
    if view.covariance is None:
        return Reading.none("UNEQUAL_RATES", "not_measured")
    if not np.isfinite(view.r0):
        return Reading.none("TOO_SHORT")
    return Reading(view.r0)
