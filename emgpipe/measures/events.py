"""Spasms of a muscle, and of several at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from emgpipe.detectors.crosstalk import crosstalk
from emgpipe.detectors.spasms import Spasm, Spasms, detect_spasms, shared_starts
from emgpipe.measures.rows import IntervalRow
from emgpipe.measures.views import MuscleView, PairView, Reading, Segment

SUBJECT = "subject"
SPASM = "spasm"
GENERALISED = "GENERALISED"
LEAST_MUSCLES = 2


def spasm_rate_h(view: MuscleView) -> Reading:
    """Spasms an hour of usable time; those with nothing but excluded time between count once."""
    seen_s, flags = view.spasms.seen_s, (*_hidden(view), *_unsure(view))
    return Reading(view.spasms.n_told / (seen_s / 3600), flags=flags, used_s=seen_s)


def spasm_auc_uvs_min(view: MuscleView) -> Reading:
    """Area of all spasms above the tonic level, a usable minute."""
    found, segment = view.spasms.spasms, view.segment
    hop_s = view.judged.frames.hop_s
    cut = any(
        (one.cut_start and one.start_s > segment.start_s + hop_s)
        or (one.cut_stop and one.stop_s < segment.stop_s - hop_s)
        for one in found
    )
    flags = dict.fromkeys([*(("LOWER_BOUND",) if cut else ()), *_hidden(view), *_unsure(view)])
    seen_s = view.spasms.seen_s
    return Reading(sum(one.area_uvs for one in found) / (seen_s / 60), flags=tuple(flags), used_s=seen_s)


def _hidden(view: MuscleView) -> tuple[str, ...]:
    """What is said where excluded time may hide spasms: values are the least there is."""
    return ("LOWER_BOUND", "POSSIBLE_SPASMS") if len(view.possible_spasms) else ()


def _unsure(view: MuscleView) -> tuple[str, ...]:
    """What is said where the floor decides what is a spasm, and another end of its bracket decides otherwise."""
    floor, detect, found = view.judged.floor, view.detect, view.spasms
    ends_uv = [floor.hi_uv] if detect.spasm_floor_ratio * floor.hi_uv > found.threshold_uv else []
    if found.threshold_uv <= detect.spasm_floor_ratio * floor.floor_uv:
        ends_uv.append(floor.lo_uv)
    for end_uv in ends_uv:
        segment, other = view.segment, replace(floor, floor_uv=end_uv)
        if detect_spasms(view.judged.frames, other, segment.start_s, segment.stop_s, detect).n_told != found.n_told:
            return ("SPASMS_UNSURE",)
    return ()


class Together(NamedTuple):
    """Spasms that start together: muscles in the order of their starts, the last end, and whether it is cut.

    `independent`: at least two of the muscles are none of the other's signal.
    """

    starts_s: tuple[tuple[str, float], ...]
    stop_s: float
    cut_stop: bool
    independent: bool

    @property
    def order(self) -> str:
        """Muscles with the delay of each after the first, seconds."""
        first_s = self.starts_s[0][1]
        return ";".join(f"{name} {start_s - first_s:.2f}" for name, start_s in self.starts_s)


@dataclass(frozen=True, eq=False)
class BodyView:
    """All muscles of a recording over one segment, and the pairs of which correlation is known."""

    segment: Segment
    muscles: Mapping[str, MuscleView]
    pairs: Mapping[tuple[str, str], PairView]

    @cached_property
    def spasms(self) -> dict[str, Spasms]:
        """Spasms of each muscle with a floor."""
        return {name: view.spasms for name, view in self.muscles.items() if view.judged.floor.known}

    @cached_property
    def together(self) -> tuple[Together, ...]:
        """Starts of two and more muscles within `spasm_together_s`; cut starts are not known and left out."""
        begun = {
            (name, one.start_s): one
            for name, found in self.spasms.items()
            for one in found.spasms
            if not one.cut_start
        }  # fmt: skip
        within_s = max((view.detect.spasm_together_s for view in self.muscles.values()), default=0.0)
        groups = [group for group in shared_starts(list(begun), within_s) if len(group) >= LEAST_MUSCLES]
        return tuple(self._together([(name, begun[name, start_s]) for name, start_s in group]) for group in groups)

    def _together(self, group: Sequence[tuple[str, Spasm]]) -> Together:
        return Together(
            tuple((name, one.start_s) for name, one in group),
            max(one.stop_s for _, one in group),
            any(one.cut_stop for _, one in group),
            self._sources(dict(group)) >= LEAST_MUSCLES,
        )

    def _sources(self, spasms: Mapping[str, Spasm]) -> int:
        """Muscles that are none of another's signal: those that may be one signal count once."""
        source = {name: name for name in spasms}
        twins = [name for name in spasms if "IDENTICAL_CHANNELS" in self.muscles[name].judged.doubts]
        links = [(twins[0], twin) for twin in twins[1:]]
        links += [(a, b) for (a, b), pair in self.pairs.items() if {a, b} <= {*spasms} and _one_signal(pair, spasms)]
        for a, b in links:
            source = {name: source[a] if of == source[b] else of for name, of in source.items()}
        return len(set(source.values()))


def _one_signal(pair: PairView, spasms: Mapping[str, Spasm]) -> bool:
    """Whether two muscles may share one signal, over the segment or while both are in spasm."""
    if pair.identical or pair.receivers:
        return True
    if pair.covariance is None:
        return False
    one, other = (spasms[view.judged.frames.muscle] for view in (pair.agonist, pair.antagonist))
    # every second that the spasm touches: one of 1.6 s may hold no whole second
    start_s, stop_s = np.floor(max(one.start_s, other.start_s)), np.ceil(min(one.stop_s, other.stop_s))
    levels = pair.agonist.judged.levels, pair.antagonist.judged.levels
    return crosstalk(pair.covariance, *levels, start_s, stop_s).r0 >= pair.agonist.detect.crosstalk_r0


def spasm_generalised_n(view: BodyView) -> Reading:
    """Spasms that start in two and more muscles together; muscles that may be one signal count once."""
    flags = [code for muscle in view.muscles.values() for code in _hidden(muscle)]
    if any(one.cut_start for found in view.spasms.values() for one in found.spasms):
        flags.append("LOWER_BOUND")
    if not all(one.independent for one in view.together):
        flags.append("CROSSTALK_POSSIBLE")
    count = sum(one.independent for one in view.together)
    return Reading(float(count), flags=tuple(dict.fromkeys(flags)))


def spasm_intervals(view: BodyView) -> Iterator[IntervalRow]:
    """Yield the spasms of each muscle, then the generalised ones with the order of recruitment.

    Parameters
    ----------
    view : BodyView
        Of a rest segment.

    Yields
    ------
    IntervalRow
        Kind `spasm`. Of a muscle: reason GENERALISED where it is part of one. Of `subject`: muscles in the order
        of their starts with the delay of each, seconds.
    """
    general = [one for one in view.together if one.independent]
    part = {start for one in general for start in one.starts_s}
    for name, found in view.spasms.items():
        for one in found.spasms:
            reason = GENERALISED if (name, one.start_s) in part else ""
            yield IntervalRow(name, SPASM, one.start_s, one.stop_s, one.cut_start, one.cut_stop, reason)
    for each in general:
        start_s = each.starts_s[0][1]
        yield IntervalRow(SUBJECT, SPASM, start_s, each.stop_s, cut_stop=each.cut_stop, reason=each.order)
