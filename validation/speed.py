"""Measure how fast settings are tried and write docs/speed.md: `python -m validation.speed [--out FILE]`.

Processor time of one process: what else the machine does is left out.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from itertools import product
from pathlib import Path
from time import process_time

import numpy as np

from emgpipe.frames.model import ChannelFrames, Frames
from emgpipe.intervals import Intervals
from emgpipe.measures.arguments import pair_list
from emgpipe.pipeline import Prepared, compute_frames, measure, pair_covariances, prepare
from emgpipe.pipeline.point import MEASURES
from emgpipe.recording import Annotation, Recording, array_recording
from emgpipe.settings import Settings, check_settings
from emgpipe.simulate import SCENARIOS, SimulatedChannel, scenario
from emgpipe.tuning.grid import DEFENSIBLE, parse_grid
from emgpipe.tuning.model import Marks
from emgpipe.tuning.scores import prepare_marks, score_hops
from emgpipe.tuning.sweep import in_turn
from validation.checks import Check
from validation.pages import ROOT, made_with, page_text

RATE_HZ = 1000.0
PART_S, PARTS = 360.0, 10
"""An hour is six minutes of each scenario, ten times over: its frames are made once."""
AXES = {
    "activity_ratio": np.linspace(1.2, 3.0, 10),
    "close_gap_s": np.linspace(0.05, 0.5, 10),
    "shortest_burst_s": np.linspace(0.0, 0.2, 5),
    "activity_release": (1.1, 1.25),
}
MUSCLES = ("TA_R", "GM_R", "BB_R", "TB_R", "TA_L", "GM_L", "BB_L", "TB_L")
MOST_SWEEP_S, MOST_POINT_MS = 10.0, 5.0
HEAD = """\
# How fast settings are tried

Written by `make bench` (`python -m validation.speed`), emgpipe {version}, Python {python}, {machine}. Seconds are
processor time of one process. All signals are simulated.

| claim | goal | measured | holds |
|---|---|---|---|
"""
FOOT = """
## What this does not show

- Frames are there already: reading and filtering a recording takes far longer than deciding it.
- Six minutes are repeated ten times. A muscle that comes and goes twice a second takes about three times as long to
  decide as one that is always on.
- Rows are kept while what they are made from stays the same. Where nearly every setting gives every muscle other states
  (k in steps of 0.01 over muscles that hover about it), a setting of the second table costs 8 to 10 ms.
- Settings that move excluded seconds or floors cost more: the quality of seconds and the floor are judged anew, and
  every row that rests on them.
"""


def main() -> int:
    """Run the bench; exit code 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "speed.md")
    told = parser.parse_args()
    checks = [hour_check(), grid_check()]
    told.out.write_text(page_text(HEAD.format(**made_with()), checks, FOOT), encoding="utf-8")
    for check in checks:
        sys.stdout.write(f"{'holds' if check.holds else 'FALLS SHORT'}: {check.title}: {check.measured}\n")
    return 0 if all(check.holds for check in checks) else 1


def hour_check() -> Check:
    """1000 settings of thresholds over an hour of eight channels: states, and scores against truth."""
    channels, recording, frames = hour(PART_S, PARTS)
    tried = settings_of(AXES)
    plain_s = timed(lambda: measure(recording, frames, settings=tried[0], pairs=[], covariances={}, stretches={}))
    states_s = timed(lambda: states_of(prepared_of(recording, frames), tried))
    scores_s = timed(lambda: scores_of(prepared_of(recording, frames), tried, channels))
    rows = [
        ("states of 8 channels", f"{states_s:.2f}", f"{1e3 * states_s / len(tried) / 8:.3f}"),
        ("states, and scores against the truth of each", f"{scores_s:.2f}", f"{1e3 * scores_s / len(tried) / 8:.3f}"),
        ("a whole decision for each (of one, times 1000)", f"{plain_s * len(tried):.0f}", f"{1e3 * plain_s / 8:.1f}"),
    ]
    return Check(
        f"{len(tried)} settings over 1 h x 8 channels",
        f"<= {MOST_SWEEP_S:g} s on one core",
        f"{scores_s:.1f} s with scores, {states_s:.1f} s states alone; a whole decision each takes"
        f" {plain_s * len(tried) / states_s:.0f} times as long",
        scores_s <= MOST_SWEEP_S,
        ("what", "s", "ms a setting and channel"),
        rows,
    )


def grid_check() -> Check:
    """All measures of a visit of 100 s under the grid that is tried where none is given."""
    recording, frames = visit()
    grid = parse_grid(DEFENSIBLE, Settings())
    tried = [grid.settings(number) for number in in_turn(grid)]
    some = tried[:: len(tried) // 5]
    pairs = pair_covariances(recording, frames, pair_list(None, frames))
    plain_s = timed(lambda: [measure(recording, frames, settings=one, covariances=pairs) for one in some])
    rows_s = timed(lambda: rows_of(prepare(recording, frames, covariances=pairs), tried))
    states_s = timed(lambda: states_of(prepare(recording, frames, covariances=pairs), tried))
    plain_ms, rows_ms, states_ms = 1e3 * plain_s / len(some), 1e3 * rows_s / len(tried), 1e3 * states_s / len(tried)
    return Check(
        f"All measures of 100 s x 4 channels, {len(tried)} settings",
        f"< {MOST_POINT_MS:g} ms a setting, states alone < 1 ms",
        f"{rows_ms:.2f} ms, states {states_ms:.2f} ms, a whole decision {plain_ms:.0f} ms",
        rows_ms < MOST_POINT_MS and states_ms < 1,
        ("what", "ms a setting"),
        [
            ("states", f"{states_ms:.2f}"),
            ("rows of all measures", f"{rows_ms:.2f}"),
            ("a whole decision", f"{plain_ms:.1f}"),
        ],
    )


def hour(part_s: float, parts: int) -> tuple[list[SimulatedChannel], Recording, Frames]:
    """Eight channels, one a scenario, and their frames repeated."""
    channels = [scenario(name, 1, part_s, RATE_HZ) for name in SCENARIOS]
    short = array_recording([one.samples_uv for one in channels], list(MUSCLES[: len(channels)]), RATE_HZ)
    made = compute_frames(short, mains_hz=50)
    duration_s = part_s * parts
    long = replace(short, duration_s=duration_s, annotations=(Annotation(0.0, duration_s, "rest"),))
    return (
        channels,
        long,
        replace(made, channels=tuple(repeated(one, parts) for one in made.channels), duration_s=duration_s),
    )


def repeated(frames: ChannelFrames, parts: int) -> ChannelFrames:
    """Frames with every array repeated along time."""
    arrays = {f.name: getattr(frames, f.name) for f in fields(frames) if f.name != "band_gain"}
    long = {name: np.concatenate([one] * parts) for name, one in arrays.items() if isinstance(one, np.ndarray)}
    return replace(frames, **long)


def visit() -> tuple[Recording, Frames]:
    """100 s of four muscles that are on, off, and come and go: 92 s of rest, then a reference."""
    names = ("silent_bursts", "tonic_plus_spasms", "low_tonic", "always_active")
    samples = [scenario(name, 2, 100.0, RATE_HZ).samples_uv for name in names]
    marks = (Annotation(0.0, 92.0, "rest"), Annotation(92.0, 8.0, "reference"))
    recording = replace(array_recording(samples, list(MUSCLES[:4]), RATE_HZ), annotations=marks)
    return recording, compute_frames(recording, mains_hz=50)


def settings_of(axes: dict[str, Sequence[float]]) -> list[Settings]:
    """All combinations, the last axis fastest."""
    names = list(axes)
    return [
        check_settings({"detect": {name: float(v) for name, v in zip(names, values, strict=True)}})
        for values in product(*axes.values())
    ]


def prepared_of(recording: Recording, frames: Frames) -> Prepared:
    """Ready to be decided, without pairs: no sample is at hand."""
    return prepare(recording, frames, pairs=[], covariances={}, stretches={})


def states_of(prepared: Prepared, tried: Sequence[Settings]) -> int:
    """Decide all channels under all settings; number of the active hops."""
    return sum(int(np.count_nonzero(one[:100] == 1)) for s in tried for one in prepared.states(s).values())


def rows_of(prepared: Prepared, tried: Sequence[Settings]) -> int:
    """Rows of all measures under all settings; their number."""
    return sum(len(prepared.rows(one, MEASURES)) for one in tried)


def scores_of(prepared: Prepared, tried: Sequence[Settings], channels: Sequence[SimulatedChannel]) -> float:
    """Score all channels under all settings against when they were truly active; seconds in which both are on."""
    whole = Intervals.of([(0.0, prepared.duration_s)])
    marked = {}
    for muscle, channel in zip(MUSCLES, channels, strict=False):
        pairs = np.concatenate([channel.active.pairs + PART_S * k for k in range(round(prepared.duration_s / PART_S))])
        marks = Marks("simulated", "hour", muscle, "active", Intervals.of(pairs), scored=whole)
        n_hops = len(prepared.frames.channels[MUSCLES.index(muscle)].mean_square)
        marked[muscle] = prepare_marks(marks, n_hops, prepared.hop_s(muscle))
    return sum(float(score_hops(one, marked[name])[0]) for s in tried for name, one in prepared.states(s).items())


def timed(work: Callable[[], object]) -> float:
    """Processor seconds of some work, after a first time that compiles and is not counted."""
    work()
    before = process_time()
    work()
    return process_time() - before


if __name__ == "__main__":
    sys.exit(main())
