"""Real recordings with something known of their activity: needle, dead leads, two hands of a reaction task."""

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from emgpipe import array_recording, compute_frames, measure, read_recording
from emgpipe.measures.rows import IntervalRow, MeasureRow
from emgpipe.recording import Recording
from validation.cases import Floats
from validation.checks import Check

NEEDLE_S = 11.0
"""From 18 s on the recording repeats itself; until here one unit fires without end."""
HANDS = {"EXG1-EXG2": ("EXG1", "EXG2"), "EXG3-EXG4": ("EXG3", "EXG4")}
BEFORE_S = 0.5


@dataclass(frozen=True, eq=False)
class Lead:
    """One channel as recorded, what its hardware is said to do, and what is known of its active fraction."""

    name: str
    samples_uv: Floats
    rate_hz: float
    mains_hz: float
    prefilter: str
    lsb_uv: float
    clip_uv: float
    known: str


@dataclass(frozen=True)
class Said:
    """What the program says of a lead: its active fraction and its intervals."""

    row: MeasureRow
    intervals: tuple[IntervalRow, ...]

    def stretches(self, kind: str) -> list[tuple[float, float]]:
        """Start and stop of the intervals of a kind, s."""
        return [(i.start_s, i.stop_s) for i in self.intervals if i.kind == kind]


def needle(real: Path) -> Lead:
    """Tibialis anterior of a person with neuropathy: one dominant unit fires at 10.5 a second."""
    recording = read_recording(real / "edf_converted" / "needle_neuropathy.edf")
    return _lead(recording, "needle, neuropathy, 0-11 s", (0,), 60.0, "1", stop_s=NEEDLE_S)


def dead_leads(real: Path) -> list[Lead]:
    """Gastrocnemius of three people in four contractions each: 2 µV of noise, never EMG."""
    found = []
    for path in sorted((real / "edf_converted").glob("elderly_*.edf")):
        recording = read_recording(path)
        index = next(s.index for s in recording.signals if s.muscle == "GL" or s.label == "GL")
        found.append(_lead(recording, f"{path.stem} GL", (index,), 60.0, "0"))
    return found


def hands(real: Path, suffix: str) -> dict[str, Lead]:
    """Bipolar leads of both hands; `suffix` is that of the file."""
    recording = read_recording(real / "emg" / "myonset" / f"example_data{suffix}")
    index = {s.label: s.index for s in recording.signals}
    return {
        name: _lead(
            recording, f"reaction task {name} ({suffix[1:].upper()})", [index[p] for p in pair], 50.0, "not known"
        )
        for name, pair in HANDS.items()
    }


def _lead(
    recording: Recording,
    name: str,
    indices: "tuple[int] | list[int]",
    mains_hz: float,
    known: str,
    stop_s: float = np.inf,
) -> Lead:
    one = recording.signals[indices[0]]
    n = round(min(stop_s, recording.duration_s) * one.rate_hz)
    parts = [recording.read_samples(i, 0, n).astype(np.float64) for i in indices]
    samples_uv = parts[0] - parts[1] if len(parts) == 2 else parts[0]
    clip_uv = max(abs(one.clip_low_uv), abs(one.clip_high_uv))
    return Lead(name, samples_uv, one.rate_hz, mains_hz, one.prefilter, one.lsb_uv, clip_uv, known)


def said(lead: Lead, *, prefilter: bool = True) -> Said:
    """Judge a lead as rest, with or without the text that tells what the hardware cut."""
    recording = array_recording([lead.samples_uv], ["TA_R"], lead.rate_hz, lsb_uv=lead.lsb_uv, clip_uv=lead.clip_uv)
    if prefilter:
        (signal,) = recording.signals
        recording = replace(recording, signals=(replace(signal, prefilter=lead.prefilter),))
    result = measure(recording, compute_frames(recording, mains_hz=lead.mains_hz), rest=True)
    return Said(next(r for r in result.rows if r.measure == "act_frac"), result.intervals)


def told(row: MeasureRow) -> str:
    """Value of a row in words, with its reasons."""
    value = row.status if row.value is None else f"{row.value:.3f}"
    return f"{value} ({row.reason})" if row.reason else value


def lead_checks(real: Path) -> list[Check]:
    """The claims on real leads."""
    return [needle_check(real), dead_check(real), reaction_check(real)]


def needle_check(real: Path) -> Check:
    """One unit that fires without end is continuous."""
    verdict = said(needle(real))
    silent = verdict.stretches("silent")
    return Check(
        "Real needle record: neuropathy, 0-11 s, 4000 Hz",
        "continuous: act_frac 1, no silent interval",
        f"act_frac {told(verdict.row)}, {len(silent)} silent intervals",
        verdict.row.value == 1.0 and not silent,
        ("lead", "act_frac", "active, s"),
        (("needle", told(verdict.row), "; ".join(f"{a:.2f}-{b:.2f}" for a, b in verdict.stretches("active"))),),
    )


def dead_check(real: Path) -> Check:
    """A lead without a muscle is never active."""
    verdicts = [(lead, said(lead)) for lead in dead_leads(real)]
    wrong = [lead.name for lead, v in verdicts if v.row.value not in (None, 0.0) or v.stretches("active")]
    unsaid = [lead.name for lead, v in verdicts if v.row.value is None and not v.row.reason]
    return Check(
        "Real dead leads: gastrocnemius of elderly people, 2000 Hz",
        "act_frac 0, or no value and a reason; never active",
        f"{len(verdicts) - len(wrong)} of {len(verdicts)} never active, {len(unsaid)} without a value or a reason",
        bool(verdicts) and not wrong and not unsaid,
        ("lead", "act_frac", "active, s"),
        tuple((lead.name, told(v.row), f"{sum(b - a for a, b in v.stretches('active')):.2f}") for lead, v in verdicts),
    )


@dataclass(frozen=True)
class Trial:
    """One trial: active between stimulus and response, activity begins there, hands active in the 0.5 s before."""

    active: bool
    begins: bool
    active_before: int


def trials(real: Path, verdicts: dict[str, Said]) -> list[Trial]:
    """What the intervals of both hands say of each trial."""
    with (real / "emg" / "myonset" / "trials_bounded_truth.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    found = []
    for row in rows:
        stimulus_s, response_s = float(row["stimulus_s"]), float(row["response_s"])
        hand = verdicts[row["channel_that_must_burst_between_stimulus_and_response"]].stretches("active")
        before = [
            any(a < stimulus_s and b > stimulus_s - BEFORE_S for a, b in v.stretches("active"))
            for v in verdicts.values()
        ]
        found.append(
            Trial(
                any(a < response_s and b > stimulus_s for a, b in hand),
                any(stimulus_s < a < response_s for a, _ in hand),
                sum(before),
            )
        )
    return found


def reaction_check(real: Path) -> Check:
    """Bursts lie between stimulus and response; where nothing tells what the hardware cut, nothing is said."""
    rows, holds, words = [], True, []
    for suffix in (".bdf", ".edf"):
        both = hands(real, suffix)
        verdicts = {name: said(lead) for name, lead in both.items()}
        bare = [said(lead, prefilter=False).row for lead in both.values()]
        found = trials(real, verdicts)
        active, begins = sum(t.active for t in found), sum(t.begins for t in found)
        rest = 2 * len(found) - sum(t.active_before for t in found)
        holds &= (active, len(found)) == (16, 16) and begins >= 15 and rest >= 29
        holds &= all(row.value is None and row.status == "undeterminable" for row in bare)
        words.append(f"{suffix[1:].upper()}: {active}, {begins} and {rest}")
        rows += [(both[n].name, told(v.row), told(b)) for (n, v), b in zip(verdicts.items(), bare, strict=True)]
    return Check(
        "Real reaction task: two hand muscles, 16 trials, 2048 Hz",
        "the responding hand is active between stimulus and response in 16 of 16 trials, and begins there in 15; in the"
        " other one, stimulus at 6.98 s, it had not relaxed before (2.4-2.9 µV over a floor of 1.4); not active in the"
        " 0.5 s before the stimulus in 29 of 32 hand-trials; without the prefilter text undeterminable",
        "; ".join(words),
        holds,
        ("lead", "act_frac", "act_frac without the prefilter text"),
        tuple(rows),
    )
