"""What a visit page is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from emgpipe.measures.rows import MeasureRow
from emgpipe.pipeline import Result
from emgpipe.recording import Finding


@dataclass(frozen=True, eq=False)
class RecordingReport:
    """One recording of a visit.

    Attributes
    ----------
    name, task, run : str
        Recording name, task and run of `recordings.csv`; `run` may be empty.
    file, sha256 : str
        File (pages show its name without folders) and hash of its bytes.
    result : Result or None
        From `emgpipe.measure`; None where the recording failed.
    failure : Finding or None
        Why there is no result.
    conditions : mapping of str to str
        Column of `recordings.csv` -> cell; a blank one is shown as "not recorded".
    """

    name: str
    task: str
    file: str
    sha256: str
    result: Result | None
    failure: Finding | None = None
    run: str = ""
    conditions: Mapping[str, str] = field(default_factory=dict)

    @property
    def duration_s(self) -> float:
        """Seconds from the start to the last hop or segment; 0 without a result."""
        if self.result is None:
            return 0.0
        ends = [one.frames.hop_s * len(one.frames.mean_square) for one in self.result.judged.values()]
        return max([*ends, *(segment.stop_s for segment in self.result.segments)], default=0.0)


@dataclass(frozen=True, eq=False)
class VisitReport:
    """One visit of one subject.

    Attributes
    ----------
    study, subject, visit : str
        Identifiers; the subject's is all that is shown of a person.
    recordings : tuple of RecordingReport
        In the order of the study.
    settings_toml, settings_id, version : str
        Resolved settings, their fingerprint, version of emgpipe.
    subject_rows : tuple of MeasureRow
        Rows of the whole visit, target kind `subject`.
    simulated : bool
        The study says that it is simulated; every page then does.
    """

    study: str
    subject: str
    visit: str
    recordings: tuple[RecordingReport, ...]
    settings_toml: str
    settings_id: str
    version: str
    subject_rows: tuple[MeasureRow, ...] = ()
    simulated: bool = False
