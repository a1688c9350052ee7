"""Measures of the responses to stimuli, and what is said of the trials behind them."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from emgpipe.detectors.evoked import AREA_UNTIL_S, Evoked, habituation, median_interval
from emgpipe.measures.views import REST, Judged, MuscleView, Reading, Segment
from emgpipe.recording import Finding

MUCH_LEFT_OUT = 0.1
"""Share of the trials from which on a reason that left them out is named in a row."""


def stim_lat_ms(view: MuscleView) -> Reading:
    """Median latency of the trials that respond; none where fewer than half do."""
    evoked = view.judged.evoked
    refused = _few(evoked, view) or _silent(evoked, view)
    if evoked is None or refused:
        return refused or Reading.none("NO_USABLE_SIGNAL")
    latencies_ms = 1000 * evoked.latency_s[np.isfinite(evoked.latency_s)]
    low, high = median_interval(latencies_ms, view.detect.interval_level) or (None, None)
    return Reading(float(np.median(latencies_ms)), low, high, _flags(evoked), used_s=evoked.used_s)


def stim_auc_uvs(view: MuscleView) -> Reading:
    """Median area over trials, with or without a response."""
    evoked = view.judged.evoked
    refused = _few(evoked, view)
    if evoked is None or refused:
        return refused or Reading.none("NO_USABLE_SIGNAL")
    areas_uvs = evoked.area_uvs[np.isfinite(evoked.area_uvs)]
    if len(areas_uvs) < view.settings.least_trials:
        return Reading.none("TRIALS_FEW")
    low, high = median_interval(areas_uvs, view.detect.interval_level) or (None, None)
    return Reading(
        float(np.median(areas_uvs)), low, high, (*_cut(evoked), *_flags(evoked, areas=True)), used_s=evoked.used_s
    )


def stim_habituation(view: MuscleView) -> Reading:
    """Slope of ln area on the trial number; needs responses, and three areas above 0."""
    evoked = view.judged.evoked
    refused = _few(evoked, view) or _silent(evoked, view)
    if evoked is None or refused:
        return refused or Reading.none("NO_USABLE_SIGNAL")
    found = habituation(evoked.area_uvs, view.detect.interval_level)
    if found.n_trials < max(view.settings.least_trials, 3):
        return Reading.none("HABITUATION_CENSORED" if found.n_censored else "TRIALS_FEW")
    flags = ("HABITUATION_CENSORED",) if found.n_censored else ()
    flags = (*flags, *_cut(evoked), *_flags(evoked, areas=True))
    return Reading(found.slope, found.low, found.high, flags, used_s=evoked.used_s)


def _few(evoked: Evoked | None, view: MuscleView) -> Reading | None:
    """Refusal where too few trials are left, with what left the others out."""
    if evoked is None or evoked.n_used >= view.settings.least_trials:
        return None
    codes = [code for told in evoked.left_out for code in told.split(";") if code]
    return Reading.none(";".join(dict.fromkeys(["TRIALS_FEW", *codes])))


def _silent(evoked: Evoked | None, view: MuscleView) -> Reading | None:
    """Refusal where too few trials respond."""
    if evoked is None:
        return None
    if evoked.told.sum() < view.settings.least_trials:
        return Reading.none("TRIALS_FEW;" + ("STIMULUS_ARTEFACT" if evoked.loud.any() else "QRS"))
    share = evoked.n_responses / int(evoked.told.sum())
    return Reading.none("NO_RESPONSE") if share < view.settings.least_response_share else None


def _cut(evoked: Evoked) -> tuple[str, ...]:
    return ("AREA_CUT",) if evoked.area_until_s < AREA_UNTIL_S else ()


def _flags(evoked: Evoked, *, areas: bool = False) -> tuple[str, ...]:
    """Reasons that left out, or hide the response or cut the area of, more than a tenth of the trials."""
    codes = [code for told in evoked.left_out for code in told.split(";") if code]
    codes += ["STIMULUS_ARTEFACT"] * int(evoked.loud.sum())
    codes += ["STIMULI_CLOSE"] * (int(evoked.short.sum()) if areas else 0)
    return tuple(c for c in dict.fromkeys(codes) if codes.count(c) > MUCH_LEFT_OUT * len(evoked.left_out))


def evoked_findings(judged: Mapping[str, Judged]) -> Iterator[Finding]:
    """Say of each muscle how many trials stand behind its evoked measures.

    Parameters
    ----------
    judged : mapping of str to Judged
        By target.

    Yields
    ------
    Finding
        EVOKED_TRIALS, for information.
    """
    for name, one in judged.items():
        if one.evoked is not None:
            yield Finding("EVOKED_TRIALS", "info", name, _told(one.evoked))


def _told(evoked: Evoked) -> str:
    """Trials in words that keep their order, so that a script can read them."""
    codes = [code for told in evoked.left_out for code in told.split(";") if code]
    out = ", ".join(f"{code} {codes.count(code)}" for code in dict.fromkeys(codes))
    n = len(evoked.stimuli_s)
    parts = [
        f"{n} stimuli, {evoked.n_used} used{f' (left out: {out})' if out else ''}",
        f"{evoked.n_responses} of {int(evoked.told.sum())} respond",
        *([f"{int(evoked.loud.sum())} too loud to tell where the search begins"] if evoked.loud.any() else []),
        f"areas of {int(np.isfinite(evoked.area_uvs).sum())} up to {evoked.area_until_s:g} s",
        f"{habituation(evoked.area_uvs, 0.95).n_censored} not above 0",
    ]
    return "; ".join(parts)


def stimulus_findings(stimuli_s: Sequence[float], segments: Sequence[Segment]) -> Iterator[Finding]:
    """Say so once where stimuli stand in a declared rest.

    Parameters
    ----------
    stimuli_s : sequence of float
        Onsets, rising.
    segments : sequence of Segment
        Of the recording.

    Yields
    ------
    Finding
        STIMULUS_IN_REST.

    Examples
    --------
    >>> [f.message for f in stimulus_findings([70.0, 80.0], [Segment("rest", "rest", 0.0, 75.0)])]
    ['1 of 2 stimuli stands in rest, the first at 70 s; its measures hold responses, end the rest before them']
    """
    rests = [s for s in segments if s.kind == REST]
    inside = [(at_s, s.name) for at_s in stimuli_s for s in rests if s.start_s <= at_s < s.stop_s]
    if inside:
        names = ", ".join(dict.fromkeys(name for _, name in inside))
        stand = "stands" if len(inside) == 1 else "stand"
        message = f"{len(inside)} of {len(stimuli_s)} stimuli {stand} in {names}, the first at {inside[0][0]:g} s"
        yield Finding("STIMULUS_IN_REST", "warning", names, f"{message}; its measures hold responses, end the rest"
                      " before them")  # fmt: skip
