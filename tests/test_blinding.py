"""Results are computed blind: nothing that tells an arm is read, and nothing in a results folder depends on it."""

import csv
import io
import os
import re
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.cli.app import run
from emgpipe.errors import StudyError
from emgpipe.store import csv_text
from emgpipe.study import load_study, parse_manifest
from emgpipe.study.blinding import column_tells, file_tells, name_tells, text_tells
from tests.handmade import edf_bytes

HEAD = '[study]\nid = "TINY"\nmains_hz = 50\n[subject]\nreference = "same visit: mvc"\n'
ROWS = [
    {"subject": f"P0{n}", "visit": f"V{m}", "file": f"P0{n}/V{m}.edf", "task": "rest", "visit_date": f"2026-0{m}-1{n}",
     "posture": "supine", "days_since_infusion": str(14 * m), "operator": "B" if m == 1 else "A"}
    for n in (1, 2) for m in (1, 2)
]  # fmt: skip
ARMS = ("PLACEBO", "IVIG", "sequence", "zqarm", "first_active")
"""Words of `arms.csv` and of files beside it; none may be seen anywhere."""
ARMS_CSV = ["subject,sequence,zqarm\nP01,PLACEBO-IVIG,first_active\nP02,IVIG-PLACEBO,zqarm\n",
            "subject,sequence,zqarm\nP01,IVIG-PLACEBO,zqarm\nP02,PLACEBO-IVIG,first_active\n"]  # fmt: skip
VOLATILE = re.compile(rb'"(time|before)": ?"[^"]*"|last line [0-9a-f]{64}')


def make(folder: Path, rows=ROWS, columns=None) -> Path:
    """A study of four recordings whose times never change."""
    folder.mkdir(parents=True)
    for seed, row in enumerate(ROWS):
        path = folder / row["file"]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(edf_bytes(seed=seed))
        os.utime(path, ns=(10**18 + seed, 10**18 + seed))
    (folder / "study.toml").write_text(HEAD)
    (folder / "recordings.csv").write_text(csv_text(list(columns or ROWS[0]), rows))
    return folder


def ran(study: Path) -> dict[str, bytes]:
    """Every file of the results with what was said, times and the hashes that rest on them blanked."""
    out = study.parent / "out"
    with redirect_stdout(io.StringIO()) as told, redirect_stderr(told):
        assert run(["run", str(study), "-o", str(out), "-j", "1", "--debug"]) == 0
    said = told.getvalue().replace(str(study.parent), "")
    files = {p.relative_to(out).as_posix(): VOLATILE.sub(b"", p.read_bytes()) for p in out.rglob("*") if p.is_file()}
    return {**files, "said": said.encode()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Path:
    return make(tmp_path_factory.mktemp("blind") / "study")


@pytest.fixture(scope="module")
def expected(undisturbed, tmp_path_factory) -> dict[str, bytes]:
    return ran(Path(shutil.copytree(undisturbed, tmp_path_factory.mktemp("expected") / "study")))


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def test_arms_beside_the_study_change_no_byte_and_are_seen_nowhere(undisturbed, expected, tmp_path):
    assert {"measures.parquet", "log.jsonl", "run.json", "reports/index.html", "units/P01_V1_rest.jsonl"} <= set(
        expected
    )
    for n, arms in enumerate(ARMS_CSV):
        study = Path(shutil.copytree(undisturbed, tmp_path / f"arms{n}" / "study"))
        (study / "arms.csv").write_text(arms)
        found = ran(study)
        assert differing(found, expected) == []
        words = [word for word in ARMS for data in found.values() if word.encode() in data]
        assert words == []


def test_permuted_rows_and_columns_change_no_byte(expected, tmp_path):
    orders = [ROWS[::-1], [ROWS[n] for n in (2, 0, 3, 1)]]
    for n, rows in enumerate(orders):
        study = make(tmp_path / f"order{n}" / "study", rows, columns=list(ROWS[0])[:: -1 if n else 1])
        assert differing(ran(study), expected) == []


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_arms_that_cannot_be_read_stop_nothing(undisturbed, expected, tmp_path, kind):
    study = Path(shutil.copytree(undisturbed, tmp_path / "odd" / "study"))
    (os.mkfifo if kind == "pipe" else os.mkdir)(study / "arms.csv")
    assert differing(ran(study), expected) == []


WATCHED = """
import sys
from emgpipe.cli.app import run
seen = []
sys.addaudithook(lambda event, args: seen.append(str(args[0])) if event in ("open", "os.open") else None)
code = run(sys.argv[1:])
print(code, sum(name.endswith("arms.csv") for name in seen), sum("recordings.csv" in name for name in seen) > 0)
"""


@pytest.mark.parametrize("command", [["--dry-run"], ["-j", "1"]])
def test_no_command_opens_arms(undisturbed, tmp_path, command):
    study = Path(shutil.copytree(undisturbed, tmp_path / "study"))
    (study / "arms.csv").write_text(ARMS_CSV[0])
    call = [sys.executable, "-c", WATCHED, "run", study, "-o", tmp_path / "out", *command]
    said = subprocess.run(call, capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[-1] == "0 0 True"
    assert not [word for word in ARMS if word in said.stdout + said.stderr]


def test_times_of_files_reach_no_table_and_no_page(undisturbed, expected, tmp_path):
    study = Path(shutil.copytree(undisturbed, tmp_path / "late" / "study"))
    for n, path in enumerate(sorted(study.rglob("*.edf"), reverse=True)):
        os.utime(path, ns=(2 * 10**18 + n, 2 * 10**18 + n))
    # size and time of a file are how a rerun knows it; the list of pages holds digests of units
    hold_times = ("units/", "run.json", "log.jsonl", "reports/pages.json")
    assert [name for name in differing(ran(study), expected) if not name.startswith(hold_times)] == []


def test_a_study_listed_in_the_table_of_arms_is_refused_without_a_word_of_it(undisturbed, tmp_path, capfd):
    study = Path(shutil.copytree(undisturbed, tmp_path / "study"))
    (study / "arms.csv").write_text(ARMS_CSV[0])
    (study / "study.toml").write_text(HEAD.replace("mains_hz", 'recordings = "arms.csv"\nmains_hz'))
    assert run(["run", str(study), "-o", str(tmp_path / "out"), "--debug"]) == 2
    said = "".join(capfd.readouterr())
    assert "ARM_COLUMN" in said
    assert not [word for word in ("PLACEBO", "IVIG", "first_active") if word in said]
    assert not (tmp_path / "out").exists()


def test_a_cell_that_tells_an_arm_is_refused_without_a_word_of_it(undisturbed, tmp_path, capfd):
    for n, cell in enumerate([{"file": "PLACEBO/V1.edf"}, {"posture": "after IVIG"}, {"visit": "PLACEBO 1"}]):
        study = make(tmp_path / str(n) / "study", [ROWS[0] | cell, *ROWS[1:]])
        assert run(["run", str(study), "-o", str(tmp_path / "out"), "--debug", "--log-format", "jsonl"]) == 2
        said = "".join(capfd.readouterr())
        assert "ARM_CELL" in said
        assert "PLACEBO" not in said.replace(str(tmp_path), "")
        assert "IVIG" not in said


@pytest.mark.parametrize("name", ["placebo_rest", "on_drug", "treated", "arm_a"])
def test_a_segment_that_names_an_arm_is_refused(undisturbed, tmp_path, name):
    study = Path(shutil.copytree(undisturbed, tmp_path / "study"))
    (study / "study.toml").write_text(HEAD + f'[segments]\n"note" = "{name}"\n')
    with pytest.raises(StudyError, match="must not give an arm away"):
        load_study(study)


def test_pages_come_by_subject_and_visit_and_are_coloured_by_verdict_alone(expected):
    index = expected["reports/index.html"].decode()
    places = [index.index(f"visit.P0{n}.V{m}.html") for n in (1, 2) for m in (1, 2)]
    assert places == sorted(places)
    styles = {n: re.findall(r"<style.*?</style>", expected[n].decode(), re.DOTALL) for n in expected if "visit." in n}
    assert len({str(style) for style in styles.values()}) == 1
    with io.StringIO(expected["inputs.csv"].decode()) as stream:
        names = [row["recording"] for row in csv.DictReader(stream)]
    assert names == sorted(names)


@settings(max_examples=60, deadline=None)
@given(order=st.sampled_from(list(permutations(range(4)))), columns=st.permutations(list(ROWS[0])))
def test_no_order_of_rows_or_columns_reaches_the_study(order, columns):
    def entries(rows, names):
        found = parse_manifest(csv_text(names, rows), Path("/study"), where="recordings.csv")
        return [(e.key, e.recording, e.file, e.path, dict(e.conditions)) for e in found]

    assert entries([ROWS[n] for n in order], columns) == entries(ROWS, list(ROWS[0]))


TELLING = ["placebo", "P01_Placebo.edf", "verum/P01.edf", "armA/x.edf", "Arm-B/x.edf", "group1/x.edf", "GroupB.edf",
           "seqAB/P01.edf", "sequence_BA.edf", "randomised/A.edf", "allocation1.edf", "IVIG_2.edf", "on-drug.edf",
           "sham-1.edf", "trtA.edf", "placeboWeek4.edf", "arm1/P01.edf", "arm-2/P01.edf", "Arm 1/P01.edf", "ARMB.edf",
           "seq1/P01.edf", "Sequence1/P01.edf", "seq_02.edf", "trt1/P01.edf", "TRT_B/P01.edf", "P01_PBO.edf",
           "PLB/P01.edf", "Plazebo_P01.edf", "IvIg/P01.edf", "IV-Ig.edf", "IVIg_P01.edf", "IGIV.edf", "arm_c.edf",
           "Immunoglobulin/P01.edf", "gammaglobulin.edf", "cohort_a/P01.edf", "grp 2.edf", "treated/P01.edf",
           "untreated/P01.edf", "TreatmentA.edf", "P01_xTreat.edf", "posttreatment.edf", "saline/P01.edf",
           "no_drug/P01.edf", "nonrandomised.edf", "PlaceboArm/P01.edf", "IVIGArm/P01.edf", "shamRest.edf"]  # fmt: skip
HARMLESS = ["P01_V1_rest.edf", "arm_R.edf", "arm.edf", "left arm.edf", "forearm_L.edf", "upperArmL.edf", "armchair",
            "treadmill/P01.edf", "SPS-07/visit2.edf", "sub-01/emg/sub-01_task-rest_emg.edf", "charm.edf", "seq.edf",
            "balloon.edf", "arm beside the body", "pharmacy bench", "groupe musculaire.edf", "P01_rest_reattached.edf",
            "test_reattach/P01.edf", "Streatham/P01.edf", "original_location/P01.edf", "P01 arm abduction.edf",
            "drugstore chair", "shampoo", "Baker.edf", "A1.edf", "B2.edf", "retreat/P01.edf", "P01_V1_allocco.edf",
            "alarm1.edf", "swarmA.edf", "regroup2.edf", "subsequence1.edf", "consequence.edf", "warm_b.edf",
            "P01_ARM_L.edf", "P01/2026-03-31/EMG_0001.edf", "arms_crossed.edf", "farm/P01.edf", "random order.edf",
            "location B/P01.edf", "hospital_location.edf", "active_rest.edf", "control/P01.edf"]  # fmt: skip
TEXTS = ["normal location", "usual location", "hospital location", "usual location of the hospital", "Allocca",
         "allocentric frame", "Dr Allocco", "electrodes at usual locations", "no drug", "drug-free", "drugs none",
         "asleep (drug)", "shamrock", "vial location", "medical local office", "treatment couch", "treatment room 2",
         "arms beside the body", "left arm a bit flexed", "arm 90 deg abducted", "arm 30 cm above the couch", "supine",
         "pillow below arm", "arm and leg on cushions", "drug trolley", "armchair B", "group room", "therapy bench",
         "wiped with saline", "blindfolded", "eyes closed, lights off", "physiotherapist", "semi-recumbent 45 deg",
         "Noraxon 16", "knee roll 2", "recliner, arm rest", "in sequence", "seat C", "room A", "cohort chair",
         "new gel at V2", "both arms", "arm, leg", "bed 3, ward B", "sitting; arm on table"]  # fmt: skip
TOLD = ["after IVIG", "placebo team", "Arm A", "arm B side", "Arm A, supine", "arm 1", "arm a", "arm 2, seated",
        "on drug", "study drug", "drug A", "group 2", "Group B bed", "allocation known", "randomised to B", "seq AB",
        "sequence 1", "trt 2", "Sham 2", "verum infusion"]  # fmt: skip


def test_words_that_tell_are_caught_and_words_of_anatomy_and_furniture_are_not():
    assert [text for text in TELLING if not file_tells(text)] == []
    assert [text for text in HARMLESS if file_tells(text)] == []
    assert [text for text in TOLD if not text_tells(text)] == []
    assert [text for text in TEXTS if text_tells(text)] == []
    assert min(map(len, (TELLING, HARMLESS, TEXTS))) >= 40


def test_the_rules_of_names_hold_those_of_files():
    assert [text for text in TELLING if not (name_tells(text) and column_tells(text))] == []
    names = ["rest", "arm_raise", "arms_crossed", "rest_reattached", "physiotherapy", "blindfold", "finger_tap", "mvc"]
    assert [name for name in names if name_tells(name)] == []
    assert [name for name in ("baseline", "V1", "week-12", "follow_up", "reattached") if column_tells(name)] == []


@pytest.mark.parametrize(
    ("column", "cell", "rule", "advice"),
    [("file", "arm7/P01.edf", "'arm' with a letter or digit behind it", "rename folder or file"),
     ("posture", "Allocation known", "begins with 'allocat'", "other words"),
     ("visit", "sequence_9", "'sequence'", "V1, V2"), ("subject", "Treat9", "begins with 'treat'", "P01"),
     ("task", "therapy9", "begins with 'therap'", "rest"), ("run", "group9", "'group'", "1, 2")],
)  # fmt: skip
def test_a_refusal_names_its_rule_and_what_to_do_and_not_the_cell(column, cell, rule, advice):
    row = ROWS[0] | {"run": "1", column: cell}
    with pytest.raises(StudyError) as refused:
        parse_manifest(csv_text(list(row), [row]), Path("/study"), where="recordings.csv")
    told = str(refused.value)
    assert told.startswith(f"recordings.csv:2: ARM_CELL: the {column}, not shown here")
    assert rule in told
    assert advice in told.rpartition("computed blind: ")[2]
    assert cell not in told


def test_a_channel_may_carry_any_label():
    row = ROWS[0] | {"exclude_channels": "EMG Arm C; PLB; Arm 1"}
    (entry,) = parse_manifest(csv_text(list(row), [row]), Path("/study"), where="recordings.csv")
    assert entry.exclude_channels == ("EMG Arm C", "PLB", "Arm 1")


def test_names_of_real_recordings_labels_and_marks_are_no_arms():
    import emgpipe as emg

    root = Path(__file__).parents[2] / "shared" / "data" / "real"
    if not root.is_dir():
        pytest.skip("recordings of real muscles are not here")
    names = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    for path in sorted((root / "edf_converted").glob("*.edf"))[::6]:
        recording = emg.read_recording(path)
        names |= {s.label for s in recording.signals} | {mark.text for mark in recording.annotations}
    assert len(names) > 150
    assert [name for name in names if file_tells(name)] == []
