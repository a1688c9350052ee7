"""What is seen of a run under way: a bar on a terminal, a line a recording elsewhere, JSON where asked for.

`batch` tells events; nothing of a recording reaches a terminal but through `talk`, hidden characters written out.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from emgpipe.batch.events import Event
from emgpipe.cli import talk
from emgpipe.errors import printable
from emgpipe.recording import Finding

SHOWN = 10
"""Lines of one code that a run prints; the rest is counted."""
WIDE_COLUMNS = 76
"""Terminal from which on the bar tells more than failures and time left."""
CUT = "\N{HORIZONTAL ELLIPSIS}"
LEAST_NAME = 4
"""Letters of a recording's name that are worth showing."""


class Telling:
    """Tell the events of a run, as `talk.MANNER` has it; use `telling`."""

    def __init__(self) -> None:
        self.said: set[tuple[str, Finding]] = set()
        self.counts: Counter[tuple[talk.Level, str]] = Counter()
        self.bar: _Bar | None = None

    def __call__(self, event: Event) -> None:
        """Tell one event."""
        for finding in event.findings:
            self.warn(event.where, finding)
        if talk.MANNER.log_format == "jsonl":
            if event.kind != "finding":
                talk.note_event("error" if event.status == "failed" else "info", _fields(event))
        elif event.status == "failed":
            self._note("error", event.code, event.message, event.where)
        elif event.kind == "waiting":
            note_waiting(event.where)
        elif event.recording and self.bar is None:
            talk.note("info", "", f"{event.done}/{event.total} {event.recording}: {event.status}")
        self._draw(event)

    def warn(self, where: str, finding: Finding) -> None:
        """Tell a finding, once."""
        if (where, finding) in self.said:
            return
        self.said.add((where, finding))
        self._note("warning", finding.code, f"{finding.where}: {finding.message}".removeprefix(": "), where)

    def close(self) -> None:
        """Take the bar away, and say how much was not shown."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None
        for (level, code), n in self.counts.items():
            if n > SHOWN:
                talk.note(level, code, f"{n - SHOWN} more of these, all in inputs.csv")
        self.counts.clear()

    def _note(self, level: talk.Level, code: str, message: str, where: str) -> None:
        self.counts[level, code] += talk.MANNER.log_format == "text"  # whoever reads JSON wants all
        if self.counts[level, code] <= SHOWN:
            talk.note(level, code, message, where)

    def _draw(self, event: Event) -> None:
        if event.kind == "plan" and event.total and _draws():
            self.bar = _Bar(event)
        elif event.recording and self.bar is not None:
            self.bar.advance(event)


def note_waiting(folder: str) -> None:
    """Say that nothing is done yet, as another run holds the results folder."""
    talk.note("info", "", f"waiting for another run on {folder}")


@contextmanager
def telling() -> Iterator[Telling]:
    """Tell what happens; when it is over, however it ends, no bar is left on the terminal."""
    told = Telling()
    try:
        yield told
    finally:
        told.close()


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """Tell how many of something are done: a bar on a terminal, a line at the start elsewhere.

    Parameters
    ----------
    what : str
        What is counted, for the line: `"parts of recordings"`.

    Yields
    ------
    callable
        To be called with how many are done, and all of them.
    """
    told, said = Telling(), [False]

    def _count(done: int, total: int) -> None:
        event = Event("plan", done=done, total=total)
        if talk.MANNER.log_format == "jsonl":
            talk.note_event("info", {"event": "progress", "done": done, "total": total})
        elif told.bar is not None:
            told.bar.advance(event)
        elif total and _draws():
            told.bar = _Bar(event)
            told.bar.advance(event)
        elif not said[0]:
            said[0] = True
            if done < total:
                talk.note("info", "", f"deciding {total - done} {what}")

    try:
        yield _count
    finally:
        told.close()


class _Bar:
    """Progress bar on stderr; what else is written to stderr appears above it."""

    def __init__(self, plan: Event) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self.console = Console(stderr=True, highlight=False, emoji=False)
        self.wide = self.console.width >= WIDE_COLUMNS
        self.n_cells = 16 if self.wide else 8
        text = TextColumn("{task.description}", markup=False)
        bar = BarColumn(bar_width=self.n_cells)
        self.progress = Progress(text, bar, TextColumn("{task.fields[told]}", markup=False), console=self.console,
                                 transient=True, redirect_stdout=False)  # fmt: skip
        self.cached, self.failed, self.started_s = plan.cached, 0, time.monotonic()
        self.task = self.progress.add_task(_share(0, plan.total), total=plan.total, told="")
        self.progress.start()
        talk.ABOVE.append(self._above)

    def advance(self, event: Event) -> None:
        """Draw that one more is done."""
        self.failed += event.status == "failed"
        share = _share(event.done, event.total)
        told = self._told(event, self.console.width - len(share) - self.n_cells - 2)
        self.progress.update(self.task, completed=event.done, total=event.total, description=share, told=told)

    def close(self) -> None:
        """Take the bar away."""
        talk.ABOVE.remove(self._above)
        self.progress.stop()

    def _told(self, event: Event, room: int) -> str:
        """What is told behind the bar; a name is cut to what is left, so that bar and count keep their places."""
        parts = [f"{self.failed} failed"] if self.failed else []
        parts += [f"{self.cached} cached"] if self.cached and self.wide else []
        parts.append(pace_text(event.done, event.total, time.monotonic() - self.started_s, short=not self.wide))
        told = ", ".join(parts)
        left = room - len(told) - len(", last ")
        if self.wide and event.recording and left >= LEAST_NAME:
            name = printable(event.recording)
            told += f", last {name if len(name) <= left else name[: left - 1] + CUT}"
        return told[: max(room, 0)]

    def _above(self, line: str) -> None:
        with suppress(OSError):  # as `talk`: what cannot be said is lost
            self.console.print(line, markup=False, soft_wrap=True)  # whoever copies a path wants it whole


def _share(done: int, total: int) -> str:
    return f"{done:{len(str(total))}}/{total}"


def pace_text(done: int, total: int, passed_s: float, *, short: bool = False) -> str:
    """Rate, and time left if it stays so.

    Parameters
    ----------
    done, total : int
        Recordings; at least one is done.
    passed_s : float
        Since the first began.
    short : bool
        Time left alone.

    Returns
    -------
    str

    Examples
    --------
    >>> pace_text(10, 200, 20.0), pace_text(1, 200, 90.0), pace_text(4, 4, 8.0)
    ('0.5/s, 0:06:20 left', '0.7/min, 4:58:30 left', '0.5/s, 0:00:00 left')
    """
    per_s = done / max(passed_s, 1e-3)
    rate = f"{per_s:.1f}/s" if per_s >= 0.1 else f"{60 * per_s:.1f}/min"
    left_s = round((total - done) / per_s)
    left = f"{left_s // 3600}:{left_s // 60 % 60:02d}:{left_s % 60:02d} left"
    return left if short else f"{rate}, {left}"


def _draws() -> bool:
    """Whether a bar can be drawn and is wanted."""
    plain = talk.MANNER.quiet or talk.MANNER.log_format != "text"
    return not plain and os.environ.get("TERM") != "dumb" and sys.stderr is not None and sys.stderr.isatty()


def _fields(event: Event) -> dict[str, object]:
    return {
        "event": event.kind, "recording": event.recording, "status": event.status, "code": event.code,
        "where": event.where, "message": event.message, "done": event.done, "total": event.total,
        "cached": event.cached,
    }  # fmt: skip
