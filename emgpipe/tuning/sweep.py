"""One recording under many settings: scores against marks, and values of measures."""

import io
import json
from collections.abc import Callable, Sequence

import numpy as np

from emgpipe.detectors.activity import UNDETERMINABLE, States
from emgpipe.errors import ResultsError
from emgpipe.intervals import Intervals
from emgpipe.measures.reads import STAGES
from emgpipe.measures.rows import NOTES, MeasureRow
from emgpipe.measures.views import REST
from emgpipe.pipeline.prepared import Prepared
from emgpipe.settings import Settings
from emgpipe.tuning.grid import Grid
from emgpipe.tuning.model import SCORES, STATUSES, Floats, Key, Marks, Swept, Values
from emgpipe.tuning.scores import interval_states, prepare_marks, score_hops

TABLES = ("value", "status", "limit", "doubted")
"""Of `Values`, in its order."""
Identity = tuple[str, str, str, str, str]
"""Recording, subject, visit, task, run."""


def sweep_recording(
    prepared: Prepared,
    whose: Identity,
    grid: Grid,
    points: Sequence[int],
    *,
    marks: Sequence[Marks] = (),
    measures: frozenset[str] = frozenset(),
    tolerance_s: float = 0.25,
) -> Swept:
    """Decide a recording under each of some points of a grid.

    Parameters
    ----------
    prepared : Prepared
        The recording; what one point shares with the one before is not computed again.
    whose : tuple of str
        Recording, subject, visit, task, run.
    grid : Grid
        Settings by number.
    points : sequence of int
        Numbers; neighbours that share early settings are decided fastest, see `in_turn`.
    marks : sequence of Marks
        Of this recording; a muscle whose floor is not known is scored as never on.
    measures : frozenset of str
        Whose values are wanted.
    tolerance_s : float
        Between onsets of one event, seconds.

    Returns
    -------
    Swept
        A row a point, in the order given.
    """
    rests = _rests(prepared, grid) if marks else Intervals.of([])
    scorers = [(one, _scorer(prepared, one, rests, tolerance_s)) for one in marks]
    names = dict.fromkeys((one.source, one.kind) for one in marks)
    scores = {name: np.zeros((len(points), len(SCORES))) for name in names}
    rows: list[tuple[MeasureRow, ...]] = []
    for place, number in enumerate(points):
        settings = grid.settings(number)
        for one, scorer in scorers:
            scores[one.source, one.kind][place] += scorer(settings)
        if measures:
            rows.append(prepared.rows(settings, measures))
    return Swept(whose[0], whose[1], scores, _values(rows, whose, len(points)))


def _rests(prepared: Prepared, grid: Grid) -> Intervals:
    """Where the program looks for continuous activity and spasms."""
    segments = prepared.result(grid.base).segments
    return Intervals.of(sorted((s.start_s, s.stop_s) for s in segments if s.kind == REST)).merge()


def _scorer(prepared: Prepared, marks: Marks, rests: Intervals, tolerance_s: float) -> Callable[[Settings], Floats]:
    """What counts one target of a recording against marks; the last states are not counted twice."""
    muscles = marks.target.split("/")
    hops_s = [prepared.hop_s(muscle) for muscle in muscles]
    n_hops = next(len(c.mean_square) for c in prepared.frames.channels if (c.muscle or c.label) == muscles[0])
    marked = prepare_marks(marks, n_hops, hops_s[0], tolerance_s)
    undecided = np.full(n_hops, UNDETERMINABLE, np.int8)

    def states(settings: Settings) -> States:
        """What the program says of each hop."""
        there = prepared.states(settings)
        own = [there.get(muscle, undecided) for muscle in muscles]
        if marks.kind == "active":
            return own[0]
        found = [r for r in prepared.intervals(settings, (marks.kind,)) if r.target == marks.target]
        pairs = Intervals.of(sorted((r.start_s, r.stop_s) for r in found))
        return interval_states(pairs, own, hops_s, None if marks.kind == "coactive" else rests)

    last: list[tuple[States, Floats]] = []

    def counted(settings: Settings) -> Floats:
        """Sums under these settings."""
        now = states(settings)
        if not last or now is not last[0][0]:
            last[:] = [(now, score_hops(now, marked))]
        return last[0][1]

    return counted


def _values(rows: Sequence[Sequence[MeasureRow]], whose: Identity, n_points: int) -> Values:
    """Values of the rows of each point; all points have the same rows."""
    first = rows[0] if rows else ()
    keys = tuple(Key(*whose, r.segment, r.target, r.target_kind, r.measure, r.unit) for r in first)
    shape = (n_points, len(keys))
    value, limit = np.full(shape, np.nan), np.full(shape, np.nan)
    status, doubted = np.zeros(shape, np.uint8), np.zeros(shape, np.bool_)
    number = {name: place for place, name in enumerate(STATUSES)}
    seen: tuple[Sequence[MeasureRow], int] = ((), -1)
    for place, told in enumerate(rows):
        if told is seen[0]:
            for table in (value, limit, status, doubted):
                table[place] = table[seen[1]]
            continue
        if len(told) != len(keys):
            message = f"{len(told)} rows under one setting and {len(keys)} under another; report this with the grid"
            raise ResultsError("RESULTS_UNREADABLE", message, where=whose[0])
        value[place] = [np.nan if r.value is None else r.value for r in told]
        limit[place] = [np.nan if r.limit is None else r.limit for r in told]
        status[place] = [number[r.status] for r in told]
        doubted[place] = [r.status == "below_limit" and bool({*r.reason.split(";")} - NOTES - {""}) for r in told]
        seen = (told, place)
    return Values(keys, value, status, limit, doubted)


def in_turn(grid: Grid) -> list[int]:
    """Numbers of all points, those next to each other that share what is decided first.

    Examples
    --------
    >>> from emgpipe.settings import Settings
    >>> from emgpipe.tuning.grid import parse_grid
    >>> grid = parse_grid(["detect.cmua_act_frac=0.9,0.95", "detect.still_tilt=1.6,1.8"], Settings())
    >>> [grid.values(number) for number in in_turn(grid)]
    [(0.9, 1.6), (0.95, 1.6), (0.9, 1.8), (0.95, 1.8)]
    """
    axes = sorted(range(len(grid.axes)), key=lambda axis: _stage(grid.axes[axis].name))

    def turn(number: int) -> tuple[int | float, ...]:
        """Values of the early settings first."""
        values = grid.values(number)
        return tuple(values[axis] for axis in axes)

    return sorted(range(len(grid)), key=turn)


def swept_bytes(swept: Swept) -> bytes:
    """Bytes of a sweep, to be kept until all are done."""
    values = swept.values
    scores = np.array([*swept.scores.values()], np.float64)
    told = {
        "recording": swept.recording,
        "subject": swept.subject,
        "scores": [list(name) for name in swept.scores],
        "keys": [list(key) for key in values.keys],
    }
    out = io.BytesIO()
    head = np.frombuffer(json.dumps(told).encode(), np.uint8)
    tables = {name: getattr(values, name) for name in TABLES}
    np.savez(out, head=head, scores=scores, **tables)
    return out.getvalue()


def swept_from(data: bytes) -> Swept:
    """Read what `swept_bytes` wrote."""
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        told = json.loads(stored["head"].tobytes())
        scores = {(source, kind): one for (source, kind), one in zip(told["scores"], stored["scores"], strict=True)}
        keys = tuple(Key(*key) for key in told["keys"])
        values = Values(keys, *(stored[name] for name in TABLES))
    return Swept(told["recording"], told["subject"], scores, values)


def joined(parts: Sequence[tuple[Sequence[int], Swept]]) -> Swept:
    """One sweep of parts of the points of a recording; a row a point, in the order of their numbers."""
    order = np.argsort(np.concatenate([np.asarray(points) for points, _ in parts]), kind="stable")
    first = parts[0][1]

    def whole(arrays: Sequence[Floats]) -> Floats:
        """All points, by their numbers."""
        return np.concatenate(arrays)[order]

    scores = {name: whole([one.scores[name] for _, one in parts]) for name in first.scores}
    tables = [np.concatenate([getattr(one.values, name) for _, one in parts])[order] for name in TABLES]
    values = Values(first.values.keys, *tables)
    return Swept(first.recording, first.subject, scores, values)


def _stage(name: str) -> int:
    """Turn of the stage that reads a setting; what only measures read comes last."""
    return next((n for n, stage in enumerate(STAGES) if name in stage), len(STAGES))
