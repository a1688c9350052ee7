"""Figures for scripts and notebooks: a channel or a pair of one result, a visit, the course of a subject.

All give a matplotlib `Figure` that nobody shows: save it with `figure.savefig("name.png")`, or let a notebook show it.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import Never

from matplotlib.figure import Figure

from emgpipe.batch import Results
from emgpipe.errors import SettingsError
from emgpipe.pipeline import Result
from emgpipe.recording import Finding
from emgpipe.reports.course import Series, blocks_of, stops_of
from emgpipe.reports.figures import WIDTH_IN, draw_result, height_in, pairs_drawn
from emgpipe.reports.looks import QUIET_INK, house_style, new_figure, plain
from emgpipe.reports.model import Measured, RecordingReport
from emgpipe.reports.stored import is_simulated, measure_row, stored_visit
from emgpipe.reports.told import Told, read_results
from emgpipe.reports.trajectories import trajectory_figure

CHANNEL_SCALE, PAIR_SCALE = 2.4, 1.6
"""Height of panels over that on pages."""
ONE_PANEL_IN, TRAJECTORY_SCALE = 3.2, 1.7
"""Width of the first panel of a sheet of courses with the name before it, and how much larger it is drawn alone."""
MOST_NAMED = 40
"""Of the names that there are."""


def plot_channel(result: Result, muscle: str, *, start_s: float | None = None, stop_s: float | None = None) -> Figure:
    """Draw one muscle of a recording: trace, level over the floor bracket, states and spasms.

    Parameters
    ----------
    result : Result
        What `emgpipe.measure` returned.
    muscle : str
        Such as `TA_R`, or the label of a signal without a muscle.
    start_s, stop_s : float, optional
        What is shown, seconds of the recording, two hops at least; all where left out, at most to its end.

    Returns
    -------
    Figure
        Never shown. Axes carry labels `strips`, `trace TA_R`, `level TA_R`.

    Raises
    ------
    SettingsError
        PLOT_UNKNOWN: no such muscle, or one without a trace; ARGUMENT_INVALID.

    Notes
    -----
    Gaps are left blank. The shortest thing that is drawn is a hop of the frames, 12.5 ms: its least and largest sample.

    Examples
    --------
    >>> from emgpipe import array_recording, compute_frames, measure
    >>> from emgpipe.simulate import scenario
    >>> channel = scenario("silent_bursts", seed=1, duration_s=20.0)
    >>> recording = array_recording([channel.samples_uv], ["TA_R"], channel.rate_hz)
    >>> result = measure(recording, compute_frames(recording, mains_hz=50), rest=True)
    >>> figure = plot_channel(result, "TA_R", start_s=5, stop_s=9)
    >>> [axes.get_label() for axes in figure.axes]
    ['strips', 'trace TA_R', 'level TA_R']
    """
    measured = _measured(result)
    _refuse_unnamed(muscle=muscle)
    _refuse_untraced(measured, muscle)
    return _figure(_only(measured, [muscle]), _window_s(measured, start_s, stop_s), CHANNEL_SCALE)


def plot_pair(result: Result, pair: str, *, start_s: float | None = None, stop_s: float | None = None) -> Figure:
    """Draw the two muscles of a pair below each other, and the time in which both are active.

    Parameters
    ----------
    result : Result
        What `emgpipe.measure` returned.
    pair : str
        One of the pairs that were measured, such as `TA_R/GM_R`.
    start_s, stop_s : float, optional
        What is shown, seconds of the recording, two hops at least; all where left out, at most to its end.

    Returns
    -------
    Figure
        Never shown. Axes carry labels `strips`, `trace TA_R`, `level TA_R`, `trace GM_R`, `level GM_R`.

    Raises
    ------
    SettingsError
        PLOT_UNKNOWN: no such pair, or one without both traces; ARGUMENT_INVALID.

    Examples
    --------
    >>> from emgpipe import array_recording, compute_frames, measure
    >>> from emgpipe.simulate import scenario
    >>> one, other = (scenario("silent_bursts", seed=seed, duration_s=20.0) for seed in (1, 2))
    >>> recording = array_recording([one.samples_uv, other.samples_uv], ["TA_R", "GM_R"], one.rate_hz)
    >>> result = measure(recording, compute_frames(recording, mains_hz=50), rest=True)
    >>> figure = plot_pair(result, "TA_R/GM_R")
    >>> [axes.get_label() for axes in figure.axes if "level" in axes.get_label()]
    ['level TA_R', 'level GM_R']
    """
    measured = _measured(result)
    _refuse_unnamed(pair=pair)
    known = pairs_drawn(measured)
    if pair not in known:
        _refuse("pair", pair, known)
    shown = _only(measured, pair.split("/"), pair)
    return _figure(shown, _window_s(measured, start_s, stop_s), PAIR_SCALE)


def plot_visit(results: str | Path | Results, subject: str, visit: str, *, recording: str | None = None) -> Figure:
    """Draw the recordings of a visit below each other, from units and cached frames.

    Parameters
    ----------
    results : str, Path or Results
        Results folder, or what `load_results` returned.
    subject, visit : str
        Identifiers.
    recording : str, optional
        One recording of the visit; all where left out.

    Returns
    -------
    Figure
        Never shown. Of several recordings each is drawn into a part of its own, `figure.subfigs`. A recording that
        failed is named with its code. The title says where data are simulated.

    Raises
    ------
    SettingsError
        PLOT_UNKNOWN: no such subject, visit or recording; ARGUMENT_INVALID.
    ResultsError
        RESULTS_UNREADABLE: no results, or not as they were written.
    StoreError
        FRAMES_MISSING, FRAMES_DAMAGED: run the study again.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     plot_visit(folder, "S01", "V1")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    emgpipe.errors.ResultsError: ...: RESULTS_UNREADABLE: no results; give a folder that `emgpipe run` has written
    """
    _refuse_unnamed(subject=subject, visit=visit, recording=recording or "")
    folder = _folder(results)
    told = read_results(folder)
    if subject not in told.subjects():
        _refuse("subject", subject, told.subjects())
    visits = [stop.visit for stop in told.stops[subject] if (subject, stop.visit) in told.visits]
    if visit not in visits:
        _refuse(f"visit of {subject}", visit, visits)
    inputs = told.visits[subject, visit]
    if recording is not None:
        names = [row["recording"] for row in inputs]
        inputs = [row for row in inputs if row["recording"] == recording]
        if not inputs:
            _refuse(f"recording of {subject} {visit}", recording, names)
    report = stored_visit(told, (subject, visit), folder, inputs)
    return _below_each_other(report.recordings, simulated=report.simulated)


def plot_trajectory(
    results: str | Path | Results, subject: str, measure: str, target: str, *, segment: str = "rest",
    task: str | None = None, mdc95: float | None = None,
) -> Figure:  # fmt: skip
    """Draw one measure of one target over the visits of a subject.

    Parameters
    ----------
    results : str, Path or Results
        Results folder, or what `load_results` returned.
    subject : str
        Identifier.
    measure, target : str
        As in `measures.csv`: `apdf_p10_uv` of `TA_R`, `coact_frac` of `TA_R/GM_R`, `rigidity_index_log` of `subject`.
        What pages do not show (`imc_low_z`) is not drawn here either.
    segment : str
        `rest`, `whole`, ...
    task : str, optional
        Needed where the segment was recorded in several tasks.
    mdc95 : float > 0, optional
        Minimal detectable change (95 %) in the unit of the measure: a band around the first visit.

    Returns
    -------
    Figure
        Never shown; a visit without a value is marked by why it has none, never joined by a line. Its title names
        subject and segment, and the task.

    Raises
    ------
    SettingsError
        PLOT_UNKNOWN: no such subject, segment, task, target or measure; ARGUMENT_INVALID.
    ResultsError
        RESULTS_UNREADABLE: no results, or not as they were written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     plot_trajectory(folder, "S01", "apdf_p10_uv", "TA_R")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    emgpipe.errors.ResultsError: ...: RESULTS_UNREADABLE: no results; give a folder that `emgpipe run` has written
    """
    _refuse_unnamed(subject=subject, measure=measure, target=target, segment=segment, task=task or "")
    if mdc95 is not None and not (_is_number(mdc95) and 0 < mdc95 < math.inf):
        raise SettingsError("ARGUMENT_INVALID", f"mdc95 = {mdc95!r}; a number above 0, or left out")
    told = read_results(_folder(results))
    if subject not in told.subjects():
        _refuse("subject", subject, told.subjects())
    stops = stops_of(subject, told.inputs, told.conditions)
    task, series = _series(told, subject, [stop.visit for stop in stops], segment, task)
    targets = dict.fromkeys(one.target for one in series)
    if target not in targets:
        _refuse(f"target in {segment}", target, targets)
    found = [one for one in series if (one.target, one.measure) == (target, measure)]
    if not found:
        _refuse(f"measure of {target} in {segment}", measure, [one.measure for one in series if one.target == target])
    figure = trajectory_figure(found, stops, mdc95=None if mdc95 is None else {(target, measure): mdc95})
    _enlarge(figure)
    figure.text(0.01, 0.99, plain(f"{subject}, {segment} ({task})"), va="top", fontsize=8.5, fontweight="bold",
                parse_math=False)  # fmt: skip
    if is_simulated(told.study):
        figure.text(0.995, 0.99, "simulated data", ha="right", va="top", fontsize=7, color=QUIET_INK)
    return figure


def _enlarge(figure: Figure) -> None:
    """Show the first panel of a sheet alone, and larger; letters stay as they are."""
    sheet = figure.axes[0]
    sheet.set_xlim(0.0, ONE_PANEL_IN)
    figure.set_size_inches(TRAJECTORY_SCALE * ONE_PANEL_IN, TRAJECTORY_SCALE * sheet.get_ylim()[1])


def _series(
    told: Told, subject: str, visits: Sequence[str], segment: str, task: str | None
) -> tuple[str, tuple[Series, ...]]:
    """Task, and all series of one segment of it."""
    rows = told.measures_of(subject)
    blocks = blocks_of(((row["visit"], row["task"], measure_row(row)) for row in rows if row["measure"]), visits)
    of_segment = {block.task: block.series for block in blocks if block.segment == segment}
    if not of_segment:
        _refuse(f"segment of {subject}", segment, dict.fromkeys(block.segment for block in blocks))
    if task is None and len(of_segment) == 1:
        return next(iter(of_segment.items()))
    if task not in of_segment:
        _refuse(f"task of {subject} with {segment}", task, of_segment)
    return task, of_segment[task]


def _measured(result: Result) -> Measured:
    if not isinstance(result, Result):
        found = type(result).__name__
        raise SettingsError("ARGUMENT_INVALID", f"result is a {found!r}; give what emgpipe.measure returned")
    return Measured.of(result)


def _folder(results: str | Path | Results) -> Path:
    if isinstance(results, Results):
        return results.folder
    if not isinstance(results, str | Path):
        found = type(results).__name__
        raise SettingsError("ARGUMENT_INVALID", f"results is a {found!r}; give a folder, or what load_results returned")
    return Path(results)


def _refuse(what: str, name: object, known: Iterable[str]) -> Never:
    """Refuse a name that is not there, and say which are."""
    names = list(known)
    told = ", ".join(map(repr, names[:MOST_NAMED])) or "none"
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    raise SettingsError("PLOT_UNKNOWN", f"no {what} {name!r}; there are {told}{more}")


def _refuse_untraced(measured: Measured, muscle: str) -> None:
    if muscle in measured.muscles:
        return
    why = next((row.reason for row in measured.rows if row.target == muscle and row.reason), "")
    what = f"trace ({why}) of muscle" if why else "muscle"
    _refuse(what, muscle, measured.muscles)


def _only(measured: Measured, muscles: Sequence[str], pair: str = "") -> Measured:
    """What concerns some muscles and at most one pair, in the order asked for."""
    targets = {*muscles, pair}
    return replace(
        measured,
        rows=tuple(row for row in measured.rows if row.target == pair),
        intervals=tuple(one for one in measured.intervals if one.target in targets),
        muscles={name: measured.muscles[name] for name in muscles},
    )


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and not math.isnan(value)


def _refuse_unnamed(**names: object) -> None:
    """Refuse what is no text where a name is asked for."""
    for name, value in names.items():
        if not isinstance(value, str):
            raise SettingsError("ARGUMENT_INVALID", f"{name} = {value!r}; give a name as text")


def _window_s(measured: Measured, start_s: float | None, stop_s: float | None) -> tuple[float, float]:
    """Window within the recording, at least as long as two hops: between one and itself no line is drawn."""
    whole_s = RecordingReport("", "", "", "", measured).duration_s
    least_s = 2 * max((one.frames.hop_s for one in measured.muscles.values()), default=0.0)
    start_s, stop_s = 0.0 if start_s is None else start_s, whole_s if stop_s is None else stop_s
    if not (_is_number(start_s) and _is_number(stop_s) and 0 <= start_s < min(stop_s, whole_s)):
        message = f"start_s = {start_s!r}, stop_s = {stop_s!r}; seconds within 0 to {whole_s:.9g}, start before stop"
        raise SettingsError("ARGUMENT_INVALID", message)
    stop_s = min(stop_s, whole_s)
    if stop_s - start_s < min(least_s, whole_s) - 1e-9:
        message = (
            f"start_s = {start_s!r}, stop_s = {stop_s!r}; at least {1000 * least_s:.9g} ms, two hops of the frames"
        )
        raise SettingsError("ARGUMENT_INVALID", message)
    return float(start_s), float(stop_s)


def _figure(measured: Measured, window_s: tuple[float, float], scale: float) -> Figure:
    with house_style():
        figure = new_figure(WIDTH_IN, height_in(measured, scale=scale))
        draw_result(figure, measured, window_s, scale=scale)
    return figure


def _below_each_other(reports: Sequence[RecordingReport], *, simulated: bool) -> Figure:
    """Recordings from top to bottom, each with its title."""
    shown = [(_title(one, simulated=simulated), one.result or Measured(), one.duration_s) for one in reports]
    heights_in = [height_in(result, title) for title, result, _ in shown]
    with house_style():
        figure = new_figure(WIDTH_IN, sum(heights_in))
        parts = figure.subfigures(len(shown), 1, squeeze=False, height_ratios=heights_in, hspace=0.0, wspace=0.0)
        for part, (title, result, duration_s) in zip(parts[:, 0], shown, strict=True):
            draw_result(part, result, (0.0, duration_s), title=title)
    return figure


def _title(report: RecordingReport, *, simulated: bool) -> str:
    words = [report.name, *(["simulated data"] if simulated else []), *_failures(report.failure)]
    return ", ".join(words)


def _failures(failure: Finding | None) -> list[str]:
    return [f"not measured: {failure.code}"] if failure else []
