"""What a run tells whoever watches it: one event each time something is known; `cli` draws them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from emgpipe.recording import Finding

Kind = Literal["waiting", "finding", "plan", "recording", "reference", "tables"]
"""`waiting`: another run holds the folder; `finding`: of the study, before the work; `plan`: what will be done;
`recording`: a unit is written, or refused; `reference`: a recording was decided once more, as a level elsewhere
changed; `tables`: they are written."""


@dataclass(frozen=True)
class Event:
    """One thing that a run has to tell.

    Attributes
    ----------
    kind : str
        See `Kind`.
    recording : str
        Of `recording` and `reference`.
    status : str
        `ok` or `failed`, of `recording` and `reference`.
    code, message : str
        Why a recording failed.
    where : str
        File of the recording, as in `recordings.csv`, or file that findings are about; results folder of `waiting`.
    findings : tuple of Finding
        Of `finding`, and of `recording` and `reference`: what leaves it usable, but must be said.
    done, total : int
        Units written by now and units to be written, this one counted. Of `tables`: recordings computed now, and all.
    cached : int
        Recordings that need nothing.
    """

    kind: Kind
    recording: str = ""
    status: str = ""
    code: str = ""
    message: str = ""
    where: str = ""
    findings: tuple[Finding, ...] = ()
    done: int = 0
    total: int = 0
    cached: int = 0


Watch = Callable[[Event], None]


def unwatched(_event: Event) -> None:
    """Nobody listens."""
