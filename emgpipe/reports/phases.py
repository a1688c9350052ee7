"""Figure of phases: the level at rest, around stimuli and after cues to relax, beside each other for each muscle."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from emgpipe.detectors.windows import windows_of_seconds
from emgpipe.detectors.witnesses import Floats, running_sum, usable_hops
from emgpipe.frames.model import ChannelFrames
from emgpipe.measures.rows import IntervalRow
from emgpipe.measures.views import RELAX, RELAXED_S, REST, STIMULUS
from emgpipe.reports.figures import WIDTH_IN
from emgpipe.reports.looks import FLOOR, LEVEL, shortened
from emgpipe.reports.model import Measured, Muscle, RecordingReport
from emgpipe.reports.sheets import FRAME, INK, Panel, Sheet
from emgpipe.reports.traces import level_ticks_uv

STIMULUS_REACH_S, RELAX_REACH_S = (-1.0, 3.0), (0.0, 15.0)
"""What is shown around a stimulus, and after a cue to relax."""
STIMULUS_HOPS, RELAX_HOPS = 4, 16
"""Length of the running window: 50 and 200 ms."""
MOST_TRIALS = 24
"""Single trials that are drawn: of more, these many, evenly chosen."""
MOST_POINTS = 400
"""Of a trace at rest."""
FAINT, MEAN, SPREAD, JUDGED, BRACKET = "#b9c2cc", "#0b3c6f", "#dbe3ec", "#cfe0d8", "#ecb79d"

_NAME_IN, _TICKS_IN, _PANEL_IN, _STEP_IN, _HEAD_IN, _FOOT_IN = 0.85, 0.36, 0.7, 0.86, 0.3, 0.36


class Course(NamedTuple):
    """Level around moments, µV RMS, floor included.

    Attributes
    ----------
    time_s : ndarray, shape (n_points,)
        From the moment.
    trials_uv : ndarray, shape (n_moments, n_points)
        NaN where not usable.
    mean_uv : ndarray, shape (n_points,)
        Root of the mean power over trials; NaN where none is usable.
    """

    time_s: Floats
    trials_uv: Floats
    mean_uv: Floats


class _Phase(NamedTuple):
    """One panel of one muscle: lines over its time, the thick one last, and what is shaded behind."""

    title: str
    reach_s: tuple[float, float]
    faint: Sequence[tuple[Floats, Floats]]
    thick: tuple[Floats, Floats] | None
    band_uv: tuple[float, float] | None = None
    judged_s: tuple[float, float] | None = None
    moment: bool = False


def phases_figure(report: RecordingReport) -> Figure | None:
    """Draw the level of each muscle at rest, around stimuli and after cues to relax.

    Parameters
    ----------
    report : RecordingReport
        With or without a result.

    Returns
    -------
    Figure or None
        None where the recording has neither stimuli nor cues to relax. A row a muscle, one log axis a row, with the
        floor bracket; a column for each of these that the recording has. Rest: RMS of 1 s with its median, its 10 % and
        90 % quantile as a band. Stimuli: 1 s before to 3 s after, single trials faint, the root of their mean power
        thick. Relax: 15 s after each cue, at most to the next cue or stimulus, the judged 5 to 10 s shaded.

    Notes
    -----
    Levels are those of the cached frames, so a stimulus artefact is in them: it is blanked for the measures of evoked
    responses, which are read from the file. Excluded time is left out.

    Examples
    --------
    >>> from emgpipe.pipeline import compute_frames, measure
    >>> from emgpipe.recording import Annotation, array_recording
    >>> from emgpipe.simulate import scenario
    >>> channel = scenario("silent_bursts", seed=1, duration_s=40.0)
    >>> marks = [Annotation(0.0, 20.0, "rest"), Annotation(22.0, None, "relax_cue")]
    >>> recording = array_recording([channel.samples_uv], ["TA_R"], channel.rate_hz, annotations=marks)
    >>> result = Measured.of(measure(recording, compute_frames(recording, mains_hz=50)))
    >>> figure = phases_figure(RecordingReport("S1_V1_rest", "rest", "a.edf", "", result))
    >>> [text.get_text() for text in figure.axes[0].texts if "relax" in text.get_text()]
    ['after 1 cue to relax']
    """
    result = report.result or Measured()
    if not result.muscles or not (result.stimuli_s or relax_cues_s(result)):
        return None
    rows = {name: _phases(name, one, result) for name, one in result.muscles.items()}
    height_in = _HEAD_IN + len(rows) * _STEP_IN + _FOOT_IN
    sheet = Sheet(WIDTH_IN, height_in)
    for row, (name, phases) in enumerate(rows.items()):
        bottom = height_in - _HEAD_IN - row * _STEP_IN - _PANEL_IN
        one = result.muscles[name]
        short = shortened(name, 12)
        sheet.say(0.02, bottom + 0.62 * _PANEL_IN, short, 8.5 if len(short) <= 8 else 6.5, INK, va="center",
                  fontweight="bold")  # fmt: skip
        sheet.say(0.02, bottom + 0.3 * _PANEL_IN, "RMS, µV", va="center")
        limits_uv = _limits_uv(phases, one)
        width_in = (WIDTH_IN - _NAME_IN - 0.1) / len(phases)
        for column, phase in enumerate(phases):
            left = _NAME_IN + column * width_in + _TICKS_IN
            log_limits = (float(np.log10(limits_uv[0])), float(np.log10(limits_uv[1])))
            panel = Panel(left, bottom, width_in - _TICKS_IN - 0.08, _PANEL_IN, phase.reach_s, log_limits)
            _draw(sheet, panel, phase, one, limits_uv)
            if not row:
                sheet.say(left, bottom + _PANEL_IN + 0.1, phase.title, 7.5, INK, va="bottom")
            _draw_time(sheet, panel, named=row == len(rows) - 1)
    return sheet.figure()


def relax_cues_s(result: Measured) -> list[tuple[float, float]]:
    """Each cue to relax and the end of what is shown after it, seconds: the next cue or stimulus, 15 s at most.

    A stretch that other marks have cut to nothing tells no cue.
    """
    judged = [cue for cue in result.cues if cue.kind == RELAX and cue.start_s < cue.stop_s]
    onsets_s = [cue.start_s - RELAXED_S[0] for cue in judged]
    out = []
    for cue, onset_s in zip(judged, onsets_s, strict=True):
        was_cut = cue.stop_s - cue.start_s < RELAXED_S[1] - RELAXED_S[0] - 1e-6
        after_s = [s for s in (*onsets_s, *result.stimuli_s) if s > onset_s]
        ends_s = [onset_s + RELAX_REACH_S[1], *after_s, *([cue.stop_s] * was_cut)]
        out.append((onset_s, min(ends_s)))
    return out


def course_around(
    frames: ChannelFrames,
    moments_s: Sequence[float],
    reach_s: tuple[float, float],
    *,
    n_hops: int,
    usable: NDArray[np.bool_],
    ends_s: Sequence[float] | None = None,
) -> Course:
    """Level around moments.

    Parameters
    ----------
    frames : ChannelFrames
        Of one channel.
    moments_s : sequence of float
        Seconds of the recording.
    reach_s : tuple of float
        From where to where, seconds from the moment.
    n_hops : int > 0
        Length of the running window; half of its hops must be usable.
    usable : ndarray of bool, shape (n_hops_of_recording,)
        Hops that may enter.
    ends_s : sequence of float, optional
        End of each course, seconds of the recording.

    Returns
    -------
    Course
        NaN outside the recording.

    Examples
    --------
    >>> from emgpipe.pipeline import compute_frames
    >>> from emgpipe.recording import array_recording
    >>> recording = array_recording([np.random.default_rng(1).standard_normal(20_000)], ["TA_R"], 2000.0)
    >>> frames = compute_frames(recording, mains_hz=50).channels[0]
    >>> course = course_around(frames, [4.0, 6.0], (-1.0, 3.0), n_hops=4, usable=usable_hops(frames))
    >>> course.trials_uv.shape, bool(0.5 < course.mean_uv.mean() < 0.8)  # 430 of 1000 Hz pass
    ((2, 321), True)
    """
    first, last = (frames.hops(reach) for reach in reach_s)
    good = np.concatenate([usable & np.isfinite(frames.mean_square), np.zeros(n_hops, np.bool_)])
    power = np.where(good, np.concatenate([frames.mean_square, np.zeros(n_hops, np.float32)]), 0.0)
    count, total = running_sum(good), running_sum(power)
    centres = np.array([frames.hops(moment_s) for moment_s in moments_s])[:, None] + np.arange(first, last + 1)
    starts = np.clip(centres - n_hops // 2, 0, len(good))
    stops = np.clip(centres - n_hops // 2 + n_hops, 0, len(good))
    seen = count[stops] - count[starts]
    with np.errstate(invalid="ignore", divide="ignore"):
        trials = np.where(seen >= n_hops / 2, (total[stops] - total[starts]) / seen, np.nan)
    for trial, end_s, centre in zip(trials, ends_s or (), centres, strict=False):
        trial[centre * frames.hop_s > end_s] = np.nan
    told = np.isfinite(trials)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(told, trials, 0.0).sum(0) / told.sum(0)
    time_s = np.arange(first, last + 1) * frames.hop_s
    return Course(time_s.astype(np.float64), np.sqrt(trials), np.sqrt(mean))


def phase_titles(result: Measured) -> dict[str, str]:
    """Kinds of the phases that a recording has -> what stands over them, in the order in which they are drawn.

    Examples
    --------
    >>> phase_titles(Measured(stimuli_s=(4.0,)))
    {'stimulus': 'around 1 stimulus'}
    """
    n_stimuli, n_cues = len(result.stimuli_s), len(relax_cues_s(result))
    titles: dict[str, str] = {}
    if any(segment.kind == REST for segment in result.segments):
        titles[REST] = "rest"
    if n_stimuli:
        titles[STIMULUS] = f"around {n_stimuli} {'stimulus' if n_stimuli == 1 else 'stimuli'}"
    if n_cues:
        titles[RELAX] = f"after {n_cues} {'cue' if n_cues == 1 else 'cues'} to relax"
    return titles


def _phases(name: str, one: Muscle, result: Measured) -> list[_Phase]:
    """What a muscle has to show, the same columns for all muscles."""
    frames, titles = one.frames, phase_titles(result)
    usable = usable_hops(frames) & ~_excluded(frames, result.intervals, name)
    phases = []
    rest = next((segment for segment in result.segments if segment.kind == REST), None)
    if rest is not None:
        phases.append(_rest_phase(frames, (rest.start_s, rest.stop_s), usable))
    if result.stimuli_s:
        course = course_around(frames, result.stimuli_s, STIMULUS_REACH_S, n_hops=STIMULUS_HOPS, usable=usable)
        title = titles[STIMULUS]
        phases.append(_Phase(title, STIMULUS_REACH_S, _some(course), (course.time_s, course.mean_uv), moment=True))
    cues = relax_cues_s(result)
    if cues:
        onsets_s, ends_s = zip(*cues, strict=True)
        course = course_around(frames, onsets_s, RELAX_REACH_S, n_hops=RELAX_HOPS, usable=usable, ends_s=ends_s)
        title = titles[RELAX]
        phases.append(_Phase(title, RELAX_REACH_S, _some(course), (course.time_s, course.mean_uv), judged_s=RELAXED_S))
    return phases


def _rest_phase(frames: ChannelFrames, rest_s: tuple[float, float], usable: NDArray[np.bool_]) -> _Phase:
    """RMS of 1 s windows over the first rest, and their quantiles."""
    start_s, stop_s = rest_s
    power = windows_of_seconds(frames, start_s, stop_s, 1.0, 0.5, skip=~usable).power
    level_uv = np.sqrt(power)
    time_s = 0.5 + 0.5 * np.arange(len(level_uv), dtype=np.float64)
    known = level_uv[np.isfinite(level_uv)]
    step = max(-(-len(level_uv) // MOST_POINTS), 1)
    faint = [(time_s[::step], level_uv[::step])]
    reach_s = (0.0, max(stop_s - start_s, 1.0))
    if not len(known):
        return _Phase("rest", reach_s, faint, None)
    low, middle, high = (float(v) for v in np.quantile(known, [0.1, 0.5, 0.9]))
    return _Phase("rest", reach_s, faint, (np.array(reach_s), np.array([middle, middle])), (low, high))


def _excluded(frames: ChannelFrames, intervals: Sequence[IntervalRow], target: str) -> NDArray[np.bool_]:
    """Hops that touch excluded time of a muscle."""
    out = np.zeros(len(frames.mean_square), np.bool_)
    for one in intervals:
        if (one.target, one.kind) == (target, "excluded"):
            out[max(int(one.start_s / frames.hop_s), 0) : int(np.ceil(one.stop_s / frames.hop_s))] = True
    return out


def _some(course: Course) -> list[tuple[Floats, Floats]]:
    """Single trials, evenly chosen where there are many; none beside a mean of one."""
    n = len(course.trials_uv)
    if n == 1:
        return []
    picked = np.unique(np.linspace(0, n - 1, min(n, MOST_TRIALS)).astype(int))
    return [(course.time_s, course.trials_uv[i]) for i in picked.tolist()]


def _limits_uv(phases: Sequence[_Phase], one: Muscle) -> tuple[float, float]:
    """Limits that hold all levels and the bracket; what drops far below the floor is not followed."""
    lines = [line for phase in phases for _, line in (*phase.faint, *([phase.thick] if phase.thick else []))]
    levels = np.concatenate([*lines, np.empty(0)])
    floor = [one.floor.lo_uv, one.floor.hi_uv] if one.floor.known else []
    seen = [*levels[np.isfinite(levels) & (levels > 0)].tolist(), *floor]
    low, high = (min(seen), max(seen)) if seen else (1.0, 10.0)
    low = max(low, high / 1000, 0.5 * floor[0] if floor else 0.0)
    return low / 1.2, max(high * 1.2, low * 4)


def _draw(sheet: Sheet, panel: Panel, phase: _Phase, one: Muscle, limits_uv: tuple[float, float]) -> None:
    right, top = panel.left + panel.width, panel.bottom + panel.height

    def across(low_uv: float, high_uv: float) -> list[tuple[float, float]]:
        """Band from edge to edge of the panel."""
        low, high = (panel.y(float(np.log10(np.clip(v, *limits_uv)))) for v in (low_uv, high_uv))
        return [(panel.left, low), (right, low), (right, high), (panel.left, high)]

    if phase.judged_s:
        first, last = (panel.x(s) for s in phase.judged_s)
        sheet.area(JUDGED, first, panel.bottom, last - first, panel.height)
    if phase.band_uv:
        sheet.shape(SPREAD, across(*phase.band_uv))
    if one.floor.known:
        sheet.shape(BRACKET, across(one.floor.lo_uv, one.floor.hi_uv))
        sheet.stroke(FLOOR, across(one.floor.floor_uv, one.floor.floor_uv)[:2], 0.8)
    if phase.moment:
        sheet.stroke(FRAME, [(panel.x(0.0), panel.bottom), (panel.x(0.0), top)], 0.8, dashed=True)
    for time_s, level_uv in phase.faint:
        _draw_line(sheet, panel, FAINT if len(phase.faint) > 1 else LEVEL, (time_s, level_uv), 0.5)
    if phase.thick:
        _draw_line(sheet, panel, MEAN, phase.thick, 1.3)
    ticks_uv = level_ticks_uv(*limits_uv)
    sheet.frame(panel, [float(np.log10(tick)) for tick in ticks_uv], [f"{tick:g}" for tick in ticks_uv])


def _draw_line(sheet: Sheet, panel: Panel, colour: str, line: tuple[Floats, Floats], width_pt: float) -> None:
    """Draw a level over time, parted where it is not known."""
    time_s, level_uv = line
    known = np.isfinite(level_uv) & (level_uv > 0)
    heights = np.clip(np.log10(np.where(known, level_uv, 1.0)), *panel.y_limits)
    points = [(panel.x(s), panel.y(y)) for s, y in zip(time_s.tolist(), heights.tolist(), strict=True)]
    breaks = np.flatnonzero(np.diff(known.astype(int))) + 1
    for piece in np.split(np.arange(len(points)), breaks):
        if len(piece) > 1 and known[piece[0]]:
            sheet.stroke(colour, [points[i] for i in piece.tolist()], width_pt)


def _draw_time(sheet: Sheet, panel: Panel, *, named: bool) -> None:
    """Ticks of time, with their numbers and the unit below the last row."""
    start_s, stop_s = panel.x_limits
    length_s = stop_s - start_s
    steps_s = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 36000, 86400]
    step_s = next((step for step in steps_s if length_s / step <= 6), 86400)
    minutes = step_s >= 60
    for tick_s in np.arange(np.ceil(start_s / step_s) * step_s, stop_s + 1e-9, step_s).tolist():
        x = panel.x(tick_s)
        sheet.stroke(FRAME, [(x, panel.bottom), (x, panel.bottom - 0.03)])
        if named:
            name = f"{tick_s / 60:g}" if minutes else f"{tick_s:g}".replace("-", "−")
            sheet.say(x, panel.bottom - 0.05, name, 6.5, INK, ha="center", va="top")
    if named:
        unit = "time, min" if minutes else "time, s"
        sheet.say(panel.left + panel.width / 2, panel.bottom - 0.19, unit, ha="center", va="top")
