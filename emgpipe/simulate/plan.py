"""What is planned for a visit beyond rest and reference: spasms, stimuli, relax cues, a heart, crosstalk, gaps."""

from collections.abc import Sequence
from dataclasses import dataclass

from emgpipe.recording import Annotation
from emgpipe.simulate.checks import require_between
from emgpipe.simulate.crosstalk import CrosstalkPath, check_path
from emgpipe.simulate.drive import Timing
from emgpipe.simulate.events import RelaxCues, Spasm, check_spasms
from emgpipe.simulate.muscle import MOST_UV, check_stretches

LEAD_IN_S = 2.0
"""From the end of the reference to the first stimulus."""
MOST_MARKS = 1000


@dataclass(frozen=True)
class VisitPlan:
    """What happens in a visit and what reaches all its channels; nothing by default.

    Attributes
    ----------
    spasms : tuple of Spasm
        In rest; see `draw_spasms`.
    n_stimuli : int
        Stimuli after the reference; muscles with `reflex_excitation` respond.
    stimulus_every_s : float
        From one to the next; the first comes 2 s after the reference.
    artefact_uv : float
        Height of the artefact that each stimulus leaves in every channel, µV.
    n_relax : int
        Contractions of 5 s that end with a relax cue, behind the stimuli; `relax_s` of each muscle tells its decay.
    heart_per_min : float
        Beats, where a muscle has `heart_uv` or there is an ECG channel.
    ecg_uv : float
        Mean height of the R wave in a channel `ECG`, µV; 0 leaves the channel out.
    crosstalk : tuple of CrosstalkPath
        Between muscles.
    gaps_s : tuple of (float, float)
        Whole seconds that the file lacks.
    """

    spasms: tuple[Spasm, ...] = ()
    n_stimuli: int = 0
    stimulus_every_s: float = 8.0
    artefact_uv: float = 0.0
    n_relax: int = 0
    heart_per_min: float = 70.0
    ecg_uv: float = 0.0
    crosstalk: tuple[CrosstalkPath, ...] = ()
    gaps_s: tuple[tuple[float, float], ...] = ()

    @property
    def stimuli_s(self) -> float:
        """Length of the part with stimuli."""
        return LEAD_IN_S + self.n_stimuli * self.stimulus_every_s if self.n_stimuli else 0.0

    def timing(self, rest_s: float, reference_s: float) -> Timing:
        """Course of the recording.

        Parameters
        ----------
        rest_s, reference_s : float
            Seconds.

        Returns
        -------
        Timing
        """
        return Timing(rest_s, reference_s, self.stimuli_s + RelaxCues(0.0, self.n_relax).duration_s)

    def stimuli(self, timing: Timing) -> list[float]:
        """Seconds of the stimuli."""
        first_s = timing.rest_s + timing.reference_s + LEAD_IN_S
        return [first_s + k * self.stimulus_every_s for k in range(self.n_stimuli)]

    def relax(self, timing: Timing) -> RelaxCues:
        """Place of the relax cues."""
        return RelaxCues(timing.rest_s + timing.reference_s + self.stimuli_s, self.n_relax)

    def marks(self, timing: Timing) -> tuple[Annotation, ...]:
        """Annotations of rest, reference, stimuli and relax cues, in order of time."""
        marks = [Annotation(0.0, timing.rest_s, "rest")]
        if timing.reference_s:
            marks.append(Annotation(timing.rest_s, timing.reference_s, "reference"))
        marks += [Annotation(at_s, None, "stimulus") for at_s in self.stimuli(timing)]
        marks += [Annotation(at_s, None, "relax_cue") for at_s in self.relax(timing).cues_s]
        return tuple(marks)


NOTHING_PLANNED = VisitPlan()


def check_plan(plan: VisitPlan, names: Sequence[str], timing: Timing) -> None:
    """Refuse a plan that cannot be.

    Parameters
    ----------
    plan : VisitPlan
        Of a visit.
    names : sequence of str
        Its muscles.
    timing : Timing
        Its course.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.
    """
    check_spasms(plan.spasms, names, timing.rest_s)
    require_between(0, MOST_MARKS, n_stimuli=plan.n_stimuli, n_relax=plan.n_relax)
    require_between(0.5, 3600.0, stimulus_every_s=plan.stimulus_every_s)
    require_between(20.0, 200.0, heart_per_min=plan.heart_per_min)
    require_between(0.0, MOST_UV, artefact_uv=plan.artefact_uv, ecg_uv=plan.ecg_uv)
    for path in plan.crosstalk:
        check_path(path, tuple(names))
    check_stretches("gaps_s", plan.gaps_s, timing.duration_s)
