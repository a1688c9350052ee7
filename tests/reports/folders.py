"""One small simulated study that has everything a page may have to show, and its results with pages."""

from pathlib import Path

from emgpipe.batch import run_study
from emgpipe.reports.write import write_reports
from emgpipe.simulate import CrosstalkPath, SimulatedMuscle, Spasm, VisitPlan, simulate_visit
from emgpipe.simulate.study_folder import write_recording
from emgpipe.simulate.visit import SimulatedVisit
from tests.batch.studies import HEAD, NAMES, row_of, write_manifest
from tests.batch.studies import write_recording as write_tiny
from tests.handmade import edf_bytes

STUDY = """
[study]
id = "SIMULATED-SMALL"
mains_hz = 50
[[pairs]]
agonist = "TA_R"
antagonist = "GM_R"
[[pairs]]
agonist = "TA_R"
antagonist = "SOL_R"
[subject]
index_muscles = ["TA_R", "TA_L"]
index_offset_uv = 0.5
"""
ROWS = """subject,visit,file,task,day,posture,skin_temp_c
S01,V1,full.edf,supine,0,supine,31.5
S01,V2,hostile.edf,supine,14,<i>sitting</i> ={{ 1+1 }},
S01,V10,later.edf,supine,28,supine,31.0
S02,V1,silent.edf,supine,0,,
S02,V2,cut.edf,supine,14,,
"""
HOSTILE_LABELS = (b'EMG "><img src=x', b"EMG </script><i>")
NOTE = "</script><script>a()</script> <!-- \x1b]0;x\x07 \u202e\u2028 $x_{$ =1+1 {{ 7*7 }} &lt; " + "long " * 300


def write_small_study(folder: Path) -> Path:
    """Write a study: a full visit, hostile labels and notes, a later visit, a silent one, a file that was cut."""
    folder.mkdir()
    write_recording(folder / "full.edf", _full_visit(1))
    write_recording(folder / "later.edf", _full_visit(2, excitation=0.025))
    note = b"+2\x14" + NOTE.encode() + b"\x14\0"
    labelled = edf_bytes(labels=HOSTILE_LABELS, marks=(b"+0\x1512\x14rest\x14\0", note))
    (folder / "hostile.edf").write_bytes(labelled)
    plain = edf_bytes(seed=3)
    (folder / "silent.edf").write_bytes(plain)
    (folder / "cut.edf").write_bytes(plain[: len(plain) // 12])
    (folder / "recordings.csv").write_text(ROWS)
    (folder / "study.toml").write_text(STUDY)
    return folder


NOTED = {"P01_V1": "supine", "P01_V2": "supine", "P02_V1": "", "P02_V2": ""}
"""Postures of the tiny study."""


def note(study: Path, postures: dict[str, str]) -> None:
    """Write `recordings.csv` of the tiny study."""
    write_manifest(study, [row_of(name, posture=postures[name]) for name in NAMES])


def tiny_results(folder: Path) -> Path:
    """A study of four recordings, of which one is missing, with results and pages, below `folder`."""
    study = folder / "study"
    study.mkdir()
    for seed, name in enumerate(NAMES[:3]):
        write_tiny(study / f"{name}.edf", seed)
    (study / "study.toml").write_text(HEAD)
    note(study, NOTED)
    run_study(study, folder / "out", jobs=1)
    write_reports(folder / "out", jobs=1)
    return folder


def small_results(folder: Path) -> Path:
    """Results and pages of the study, below `folder`."""
    run_study(write_small_study(folder / "study"), folder / "out", jobs=1)
    write_reports(folder / "out")
    return folder / "out"


def _full_visit(seed: int, excitation: float = 0.06) -> SimulatedVisit:
    """Both sides, spasms, stimuli, a cue to relax, crosstalk, a gap."""
    levels = {"TA_R": excitation, "GM_R": excitation / 2, "TA_L": excitation, "PSP_L": 0.0}
    muscles = [SimulatedMuscle(name, excitation=level, reflex_excitation=0.2) for name, level in levels.items()]
    plan = VisitPlan(
        spasms=(Spasm(10.0, {"TA_R": 0.0, "TA_L": 0.3}),),
        n_stimuli=2,
        artefact_uv=200.0,
        n_relax=1,
        crosstalk=(CrosstalkPath("TA_R", "GM_R", 0.6),),
        gaps_s=((20.0, 22.0),),
    )
    return simulate_visit(seed, muscles, [("TA_R", "GM_R")], plan=plan, rest_s=40.0, reference_s=4.0, rate_hz=1000.0)
