"""What a visit page is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from emgpipe.detectors.floor import Floor
from emgpipe.frames.model import ChannelFrames
from emgpipe.measures.grade import Grade, grades
from emgpipe.measures.rows import IntervalRow, MeasureRow
from emgpipe.measures.views import Segment
from emgpipe.pipeline import Result
from emgpipe.recording import Finding


@dataclass(frozen=True, eq=False)
class Muscle:
    """One muscle as pages draw it.

    Attributes
    ----------
    frames : ChannelFrames
        As cached; marks made by people are not in its reasons, the intervals tell them.
    floor : Floor
        As it was decided.
    threshold_uv : float
        RMS from which on a window is active; NaN where the floor is not known.
    """

    frames: ChannelFrames
    floor: Floor
    threshold_uv: float


@dataclass(frozen=True, eq=False)
class Measured:
    """What one recording says, as far as pages show it: nothing here is decided anew.

    Attributes
    ----------
    rows : tuple of MeasureRow
        One a segment, target and measure.
    intervals : tuple of IntervalRow
        Stretches of all kinds; each muscle's states cover the recording.
    muscles : mapping of str to Muscle
        Those with a trace, in the order of the file.
    segments, cues : tuple of Segment
        Stretches that were measured, and those that cues make.
    stimuli_s : tuple of float
        Onsets, in order.
    findings : tuple of Finding
        What reading and measuring noticed.
    """

    rows: tuple[MeasureRow, ...] = ()
    intervals: tuple[IntervalRow, ...] = ()
    muscles: Mapping[str, Muscle] = field(default_factory=dict)
    segments: tuple[Segment, ...] = ()
    findings: tuple[Finding, ...] = ()
    cues: tuple[Segment, ...] = ()
    stimuli_s: tuple[float, ...] = ()

    @classmethod
    def of(cls, result: Result) -> "Measured":
        """What `emgpipe.measure` returned."""
        muscles = {
            name: Muscle(one.frames, one.floor, one.activity.ratio * one.floor.hi_uv)
            for name, one in result.judged.items()
        }
        return cls(
            result.rows, result.intervals, muscles, result.segments, result.findings, result.cues, result.stimuli_s
        )

    @property
    def grades(self) -> dict[str, Grade]:
        """Grade of each muscle, with the codes that keep it from a better one."""
        return grades(self.rows)


@dataclass(frozen=True, eq=False)
class RecordingReport:
    """One recording of a visit.

    Attributes
    ----------
    name, task, run : str
        Recording name, task and run of `recordings.csv`; `run` may be empty.
    file, sha256 : str
        File (pages show its name without folders) and hash of its bytes.
    result : Measured or None
        What was measured; None where the recording failed.
    failure : Finding or None
        Why there is no result.
    conditions : mapping of str to str
        Column of `recordings.csv` -> cell; a blank one is shown as "not recorded".
    findings : tuple of Finding
        What the study says of it beside its result: conditions that differ from those of other visits.
    """

    name: str
    task: str
    file: str
    sha256: str
    result: Measured | None
    failure: Finding | None = None
    run: str = ""
    conditions: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def duration_s(self) -> float:
        """Seconds from the start to the last hop or segment; 0 without a result."""
        if self.result is None:
            return 0.0
        ends = [one.frames.hop_s * len(one.frames.mean_square) for one in self.result.muscles.values()]
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
        Resolved settings, their fingerprint, version of emgpipe that draws the page.
    measured_with : tuple of str
        Versions of emgpipe that measured; empty where not told.
    subject_rows : tuple of MeasureRow
        Rows of the whole visit, target kind `subject`.
    simulated : bool
        The study says that it is simulated; every page then does.
    beside : tuple of (str, str)
        Visits of the subject before and after this one that have a page; empty where there is none.
    subject_tasks : tuple of str
        Task of each of `subject_rows`; empty where the visit has one.
    mains_hz : int or None
        Mains frequency that the study states; None where it is not told.
    """

    study: str
    subject: str
    visit: str
    recordings: tuple[RecordingReport, ...]
    settings_toml: str
    settings_id: str
    version: str
    measured_with: tuple[str, ...] = ()
    subject_rows: tuple[MeasureRow, ...] = ()
    simulated: bool = False
    beside: tuple[str, str] = ("", "")
    subject_tasks: tuple[str, ...] = ()
    mains_hz: int | None = None
