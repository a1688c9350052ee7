"""What a recording ends in."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from emgpipe.detectors.floor import Floor
from emgpipe.measures.grade import Grade, grades
from emgpipe.measures.rows import IntervalRow, MeasureRow
from emgpipe.measures.views import Judged, Segment
from emgpipe.recording import Finding

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Result:
    """What one recording says.

    Attributes
    ----------
    rows : tuple of MeasureRow
        One a segment, target and measure; with a value or with a coded reason.
    intervals : tuple of IntervalRow
        Active, silent, undeterminable, excluded, CMUA and co-active stretches.
    floors : dict of str to Floor
        By muscle.
    segments : tuple of Segment
        Stretches that were measured, but for those that cues make.
    judged : dict of str to Judged
        Frames, floor and activity by muscle.
    findings : tuple of Finding
        What reading and measuring noticed.
    cues : tuple of Segment
        Stretches that cues make and that were measured too: after each cue to relax, and around all stimuli.
    stimuli_s : tuple of float
        Onsets of the stimuli, in order.
    """

    rows: tuple[MeasureRow, ...]
    intervals: tuple[IntervalRow, ...]
    floors: dict[str, Floor]
    segments: tuple[Segment, ...]
    judged: dict[str, Judged]
    findings: tuple[Finding, ...]
    cues: tuple[Segment, ...] = ()
    stimuli_s: tuple[float, ...] = ()

    @property
    def grades(self) -> dict[str, Grade]:
        """Grade of each muscle, with the codes that keep it from a better one."""
        return grades(self.rows)

    @property
    def table(self) -> "pd.DataFrame":
        """Rows as a pandas table."""
        import pandas as pd

        return pd.DataFrame([asdict(row) for row in self.rows])
