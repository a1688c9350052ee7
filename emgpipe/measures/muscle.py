"""Measures of one muscle."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from emgpipe.detectors.activity import ACTIVE, EXCLUDED, UNDETERMINABLE
from emgpipe.detectors.continuity import cmua_epochs, gap_ends, inactive_runs_s
from emgpipe.detectors.precision import Span, quantile_span, ratio_span, share_span
from emgpipe.detectors.windows import corrected_rms, windows_of_seconds
from emgpipe.detectors.witnesses import Floats
from emgpipe.measures.rows import NOTES
from emgpipe.measures.views import RELAXED_S, MuscleView, Reading

SLOT_S = 0.5
"""Hops are summed to slots of about this length before the precision of a share is told."""


def floor_uv(view: MuscleView) -> Reading:
    """Best value of the floor; `low`, `high` are its bracket."""
    floor = view.judged.floor
    return Reading(floor.floor_uv, floor.lo_uv, floor.hi_uv)


def tilt(view: MuscleView) -> Reading:
    """Median spectral tilt over the usable seconds of the segment."""
    seconds = slice(int(np.ceil(view.segment.start_s - 1e-9)), int(view.segment.stop_s + 1e-9))
    values = view.judged.witnesses.tilt[seconds]
    told = values[np.isfinite(values)]
    if not len(told):
        return Reading.none("TILT_UNDEFINED")
    return Reading(float(np.median(told))).within(quantile_span(values, 0.5, view.detect))


def _level(powers: Floats, view: MuscleView, share: float, per_window: int = 1) -> Reading:
    """Quantile of the corrected RMS of windows, and its precision."""
    levels_uv = corrected_rms(powers, view.judged.floor.floor_uv)
    told = levels_uv[np.isfinite(levels_uv)]
    if not len(told):
        return Reading.none("TOO_SHORT")
    value = np.median(told) if share == 0.5 else np.quantile(told, share)
    # corrected levels stand at 0 together; their powers do not
    span = quantile_span(levels_uv, share, view.detect, order=powers, per_window=per_window)
    return Reading(float(value)).within(span)


def _median_rms(view: MuscleView, start_s: float, stop_s: float) -> Reading:
    return _level(windows_of_seconds(view.judged.frames, start_s, stop_s, 1.0, 1.0).power, view, 0.5)


def rest_rms_uv(view: MuscleView) -> Reading:
    """Median corrected RMS of the seconds of the segment."""
    return _median_rms(view, view.segment.start_s, view.segment.stop_s)


def relax_resid_uv(view: MuscleView) -> Reading:
    """What is left 5-10 s after a cue to relax: median corrected RMS of the seconds of that stretch; SHORT if cut."""
    reading = _median_rms(view, view.segment.start_s, view.segment.stop_s)
    whole_s = RELAXED_S[1] - RELAXED_S[0]
    cut = view.segment.stop_s - view.segment.start_s + view.judged.frames.hop_s < whole_s
    return replace(reading, flags=(*reading.flags, "SHORT")) if cut else reading


def _third(view: MuscleView, number: int) -> Reading:
    length = (view.segment.stop_s - view.segment.start_s) / 3
    start = view.segment.start_s + (number - 1) * length
    used_s = view.stretch.usable_s(start, start + length)
    # hops are rounded to at both ends
    least_s = max(view.settings.least_usable_share * length, view.settings.least_reference_s) - view.judged.frames.hop_s
    reading = _median_rms(view, start, start + length) if used_s >= least_s else Reading.none("TOO_SHORT")
    return replace(reading, used_s=used_s)


def rest_third1_uv(view: MuscleView) -> Reading:
    """`rest_rms_uv` of the first third."""
    return _third(view, 1)


def rest_third2_uv(view: MuscleView) -> Reading:
    """`rest_rms_uv` of the middle third."""
    return _third(view, 2)


def rest_third3_uv(view: MuscleView) -> Reading:
    """`rest_rms_uv` of the last third."""
    return _third(view, 3)


def _apdf(view: MuscleView, share: float) -> Reading:
    return _level(view.powers, view, share, per_window=2)


def apdf_p10_uv(view: MuscleView) -> Reading:
    """Static level."""
    return _apdf(view, 0.1)


def apdf_p50_uv(view: MuscleView) -> Reading:
    """Median level."""
    return _apdf(view, 0.5)


def apdf_p90_uv(view: MuscleView) -> Reading:
    """Peak level."""
    return _apdf(view, 0.9)


def _bounded(value: float, unsure: float, view: MuscleView) -> Reading:
    """A value whose undeterminable share is `unsure`: given, flagged as a bound, or withheld."""
    if unsure > view.detect.most_undeterminable:
        return Reading.none("MOSTLY_UNDETERMINABLE")
    return Reading(value, flags=("LOWER_BOUND",) if unsure > view.detect.flag_undeterminable else ())


def act_frac(view: MuscleView) -> Reading:
    """Active share of the time with a verdict; of all usable time above 10 % undeterminable."""
    reading = _active_share(view)
    if reading.value is None:
        return reading
    many = view.undeterminable_share > view.detect.flag_undeterminable
    seen = (view.states != EXCLUDED) & (many | (view.states != UNDETERMINABLE))
    return reading.within(_time_share_span(view.states == ACTIVE, seen, view))


def _active_share(view: MuscleView) -> Reading:
    """`act_frac` without its precision."""
    active, silent, unsure = view.shares
    if active + silent + unsure == 0:
        return Reading.none("NO_USABLE_SIGNAL")
    share = view.undeterminable_share
    told = active + silent + (unsure if share > view.detect.flag_undeterminable else 0)
    return _bounded(active / max(told, 1), share, view)


def _time_share_span(inside: NDArray[np.bool_], seen: NDArray[np.bool_], view: MuscleView) -> Span:
    """Precision of the share of the hops seen that are inside."""
    part, slot = np.where(seen, inside, np.nan), max(view.judged.frames.hops(SLOT_S), 1)
    return share_span(part, np.ones(len(part)), view.detect, per_slot=slot)


def act_frac_lo(view: MuscleView) -> Reading:
    """Active share if the floor were the upper end of its bracket; never above `act_frac`."""
    return _share_if(view.judged.activity.active_if_high, view, min)


def act_frac_hi(view: MuscleView) -> Reading:
    """Active share if the floor were the lower end of its bracket; never below `act_frac`."""
    return _share_if(view.judged.activity.active_if_low, view, max)


def _share_if(active: NDArray[np.bool_], view: MuscleView, further: Callable[[float, float], float]) -> Reading:
    seen = view.states != EXCLUDED
    if not seen.any():
        return Reading.none("NO_USABLE_SIGNAL")
    share = float(active[view.hops][seen].mean())
    flags = ("PARTLY_UNDETERMINABLE",) if view.undeterminable_share > view.detect.flag_undeterminable else ()
    # edges are refined with another floor, and undeterminable time enters another denominator
    found = _active_share(view)
    if found.value is not None and further(share, found.value) != share:
        best = act_frac(view)
        return replace(best, flags=(*flags, *(code for code in best.flags if code in NOTES)))
    return Reading(share, flags=flags).within(_time_share_span(active[view.hops], seen, view))


def cmua_frac(view: MuscleView) -> Reading:
    """Share of usable 10 s epochs with continuous activity."""
    judged, segment = view.judged, view.segment
    levels_uv = view.stretch.sustained_uv(view.detect.cmua_epoch_s)
    epochs = cmua_epochs(
        judged.frames, judged.activity.states, judged.floor, segment.start_s, segment.stop_s, view.detect, levels_uv
    )
    if not epochs.n_usable or epochs.used_s + judged.frames.hop_s < view.settings.least_continuity_s:
        return replace(Reading.none("TOO_SHORT"), used_s=epochs.used_s)
    reading = _bounded(len(epochs.cmua) / epochs.n_usable, epochs.n_undeterminable / epochs.n_usable, view)
    span = share_span(epochs.verdicts, np.ones(len(epochs.verdicts)), view.detect)
    return replace(reading.within(span), used_s=epochs.used_s)


def _with_gaps(value: float, view: MuscleView) -> Reading:
    unsure = view.undeterminable_share
    if unsure > view.detect.most_undeterminable:
        return Reading.none("MOSTLY_UNDETERMINABLE")
    flagged = unsure > view.detect.flag_undeterminable
    return Reading(value, flags=("PARTLY_UNDETERMINABLE",) if flagged else ())


def longest_silence_s(view: MuscleView) -> Reading:
    """Longest silent run of the segment; 0 where there is none. An extreme has no sampling precision."""
    runs = inactive_runs_s(view.states, view.judged.frames.hop_s)
    return _with_gaps(float(runs.max(initial=0.0)), view)


def gaps_per_min(view: MuscleView) -> Reading:
    """Silent runs of at least 0.2 s between activity, a minute that was judged (bridged heart beats are)."""
    hop_s = view.judged.frames.hop_s
    ends = gap_ends(view.states, hop_s, view.detect.silence_s)
    judged_s = float((view.states != EXCLUDED).sum()) * hop_s
    rate = np.where(view.states != EXCLUDED, 0.0, np.nan)
    rate[ends] = 60 / hop_s
    slot = max(view.judged.frames.hops(SLOT_S), 1)
    # gaps come in clusters, as activity comes and goes
    pace = (view.states == ACTIVE).astype(np.float64)
    span = ratio_span(rate, np.ones(len(rate)), view.detect, per_slot=slot, pace=pace, least=0.0)
    return _with_gaps(len(ends) / (judged_s / 60) if judged_s else 0.0, view).within(span)


def possible_spasm_n(view: MuscleView) -> Reading:
    """Artefact stretches of the segment that are loud enough to hide a spasm."""
    return Reading(float(len(view.possible_spasms)))
