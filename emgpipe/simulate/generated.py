"""What was put into a simulated visit, told beside what is true of its amplitudes."""

from collections.abc import Mapping
from typing import Any

from emgpipe.simulate.contamination import PLAIN_AMPLIFIER, Amplifier
from emgpipe.simulate.drive import Timing
from emgpipe.simulate.events import spasms_truth
from emgpipe.simulate.lead import Heart, Lead
from emgpipe.simulate.muscle import SimulatedMuscle
from emgpipe.simulate.plan import VisitPlan
from emgpipe.simulate.provoked import Provoked
from emgpipe.simulate.truth import residues_uv, response_areas_uvs


def generated_truth(
    muscles: Mapping[str, SimulatedMuscle],
    leads: Mapping[str, Lead],
    plan: VisitPlan,
    amplifier: Amplifier,
    timing: Timing,
    provoked: Provoked,
    heart: Heart,
) -> dict[str, Any]:
    """Tell what was put in; a key for what was asked for, none for the rest.

    Parameters
    ----------
    muscles, leads : mapping of str to SimulatedMuscle, Lead
        By name.
    plan, amplifier, timing : VisitPlan, Amplifier, Timing
        Of the visit.
    provoked : Provoked
        Reflexes.
    heart : Heart
        Beats.

    Returns
    -------
    dict
        See `SimulatedVisit`.
    """
    told: dict[str, Any] = {}
    if plan.spasms:
        told["spasms"] = spasms_truth(plan.spasms, timing.rest_s)
    if plan.n_stimuli:
        told["stimuli"] = _stimuli(leads, plan, timing, provoked)
    if plan.n_relax:
        told["relax"] = _relax(muscles, leads, plan.relax(timing).cues_s)
    if len(heart.beats_s):
        told["beats_s"] = heart.beats_s.tolist()
    if plan.gaps_s:
        told["gaps_s"] = [list(gap) for gap in plan.gaps_s]
    if amplifier != PLAIN_AMPLIFIER:
        told["amplifier"] = {**vars(amplifier), "lsb_uv": amplifier.lsb_uv}
    told["crosstalk"] = [path for lead in leads.values() for path in lead.added.get("crosstalk", [])]
    for key in ("movement", "clipped_n", "flat_s"):
        told[key] = {name: lead.added[key] for name, lead in leads.items() if lead.added.get(key)}
    return {key: value for key, value in told.items() if value}


def _stimuli(leads: Mapping[str, Lead], plan: VisitPlan, timing: Timing, provoked: Provoked) -> dict[str, Any]:
    onsets_s = plan.stimuli(timing)
    responses = {
        name: {
            "latencies_s": reflex.latencies_s.tolist(),
            "gains": reflex.gains.tolist(),
            "areas_uvs": response_areas_uvs(leads[name].channel, onsets_s),
        }
        for name, reflex in provoked.reflexes.items()
    }
    return {"onsets_s": onsets_s, "artefact_uv": plan.artefact_uv, "muscles": responses}


def _relax(muscles: Mapping[str, SimulatedMuscle], leads: Mapping[str, Lead], cues_s: list[float]) -> dict[str, Any]:
    told = {
        name: {"relax_s": muscle.relax_s, "resid_uv": residues_uv(leads[name].channel, cues_s)}
        for name, muscle in muscles.items()
    }
    return {"cues_s": cues_s, "muscles": told}
