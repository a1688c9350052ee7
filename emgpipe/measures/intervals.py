"""Stretches of each state, for `intervals.csv` and pictures."""

from collections.abc import Container, Iterator, Sequence

import numpy as np

from emgpipe.detectors.activity import EXCLUDED, SILENT, STATE_NAMES, UNDETERMINABLE
from emgpipe.detectors.cocontraction import coactive_intervals
from emgpipe.detectors.continuity import cmua_epochs
from emgpipe.detectors.settings import DetectSettings
from emgpipe.frames.model import REASON_BITS
from emgpipe.intervals import Intervals
from emgpipe.measures.events import SPASM
from emgpipe.measures.rows import IntervalRow
from emgpipe.measures.views import REST, Judged, Segment

POSSIBLE_SPASM, CMUA, COACTIVE = "possible_spasm", "cmua", "coactive"
INTERVAL_KINDS = frozenset({*STATE_NAMES.values(), POSSIBLE_SPASM, CMUA, COACTIVE, SPASM})
"""Kinds of `intervals.csv`."""


def muscle_intervals(
    target: str,
    judged: Judged,
    segments: Sequence[Segment],
    detect: DetectSettings,
    kinds: Container[str] = INTERVAL_KINDS,
) -> Iterator[IntervalRow]:
    """Yield the stretches of one muscle: states over the whole recording, CMUA in rest.

    Parameters
    ----------
    target : str
        Muscle.
    judged : Judged
        Its verdicts.
    segments : sequence of Segment
        Of the recording.
    detect : DetectSettings
        Epoch settings.
    kinds : container of str
        Those that are wanted.

    Yields
    ------
    IntervalRow
        `cut_start`, `cut_stop` where an active stretch touches the end of the recording
        or a stretch without verdict: it may be longer than seen.
    """
    states, hop_s = judged.activity.states, judged.frames.hop_s
    unknown = np.concatenate([[True], (states == EXCLUDED) | (states == UNDETERMINABLE), [True]])
    for state, kind in STATE_NAMES.items():
        if kind not in kinds:
            continue
        for start, stop in Intervals.from_mask(states == state).pairs.astype(int).tolist():
            told = state >= SILENT
            yield IntervalRow(
                target,
                kind,
                start * hop_s,
                stop * hop_s,
                cut_start=bool(told and unknown[start]),
                cut_stop=bool(told and unknown[stop + 1]),
                reason=_reason(judged, start, stop) if state == EXCLUDED else "",
            )
    for start_s, stop_s in judged.possible_spasms if POSSIBLE_SPASM in kinds else ():
        bounds = judged.frames.hops(start_s), judged.frames.hops(stop_s)
        yield IntervalRow(
            target, POSSIBLE_SPASM, start_s, stop_s, cut_start=True, cut_stop=True, reason=_reason(judged, *bounds)
        )
    for segment in segments:
        if CMUA in kinds and segment.kind == REST and judged.floor.known:
            bounds_s = segment.start_s, segment.stop_s
            levels_uv = judged.grounds.stretch(*bounds_s).sustained_uv(detect.cmua_epoch_s)
            epochs = cmua_epochs(judged.frames, states, judged.floor, *bounds_s, detect, levels_uv)
            for start_s, stop_s in epochs.cmua.merge():
                yield IntervalRow(target, CMUA, start_s, stop_s)


def pair_intervals(pair: tuple[str, str], first: Judged, second: Judged) -> Iterator[IntervalRow]:
    """Yield the stretches in which both muscles of a pair are active."""
    both = coactive_intervals(first.activity, first.frames.hop_s, second.activity, second.frames.hop_s)
    for start_s, stop_s in both:
        yield IntervalRow("/".join(pair), COACTIVE, start_s, stop_s)


def _reason(judged: Judged, start: int, stop: int) -> str:
    """Reason bits in a stretch of hops, joined by `;`."""
    bits = int(np.bitwise_or.reduce(judged.frames.reasons[start:stop], initial=0))
    return ";".join(name for name, bit in REASON_BITS.items() if bits & bit)
