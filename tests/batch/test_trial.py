"""From a results folder, its lock and arms to the analysis, and what is left behind: files and lines of the log."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import emgpipe as emg
from emgpipe.batch import run_study
from emgpipe.batch.locking import lock_results
from emgpipe.batch.trial import analyse_post_hoc, analyse_results, write_analysis
from emgpipe.batch.unblinded import tell_unblinded
from emgpipe.batch.verify import verify_results
from emgpipe.cli.app import run
from emgpipe.errors import EmgpipeError
from emgpipe.outcomes.plan import Endpoint
from emgpipe.statistics import hills_armitage
from tests.batch.plans import PLAN, arms_file, plan_file
from tests.batch.studies import HEAD, row_of, write_manifest, write_recording

ROOT = Path(__file__).parents[2]
SEQUENCES = {f"P0{n}": "QZ" if n % 2 else "ZQ" for n in range(1, 5)}
ARMS = "subject,sequence\n" + "".join(f"{subject},{sequence}\n" for subject, sequence in SEQUENCES.items())
LOGARITHMS = PLAN.replace('targets = ["TA_R"]', 'targets = ["TA_R"]\nlog = true')
LOGARITHMS += "[sensitivity]\nactivity_ratios = []\n"
SHARE = 0.5
"""Of the level, under Q."""


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """Four subjects at two visits, half as loud under Q, locked; tests work on copies beside its study."""
    folder = tmp_path_factory.mktemp("trial")
    rng = np.random.default_rng(8)
    names = []
    (folder / "study").mkdir()
    for n, (subject, sequence) in enumerate(SEQUENCES.items()):
        own = 12 * np.exp(rng.normal(scale=0.1))
        for p in (0, 1):
            names.append(f"{subject}_V{p + 1}")
            level = own * np.exp(rng.normal(scale=0.1)) * (SHARE if sequence[p] == "Q" else 1)
            write_recording(folder / "study" / f"{names[-1]}.edf", 2 * n + p, (level, 0.0))
    (folder / "study" / "study.toml").write_text(HEAD)
    write_manifest(folder / "study", [row_of(name) for name in names])
    assert run_study(folder / "study", folder / "out", jobs=1).exit_code == 0
    plan_file(folder, LOGARITHMS)
    arms_file(folder, ARMS)
    lock_results(folder / "out", folder / "analysis.toml")
    return folder


@pytest.fixture
def place(results, tmp_path) -> Path:
    """A copy to change."""
    return Path(shutil.copytree(results, tmp_path / "place"))


def events(out):
    return [json.loads(line)["event"] for line in (out / "log.jsonl").read_bytes().splitlines()]


def written(out):
    write_analysis(out, analyse_results(out, None, out.parent / "arms.csv"))
    return [(out / "unblinded" / name).read_bytes() for name in ("crossover.csv", "crossover.json")]


def test_the_effect_that_was_put_in_is_found(results):
    analysis = analyse_results(results / "out", results / "analysis.toml", results / "arms.csv")
    line = analysis.endpoints[0].lines[0]
    assert (analysis.treatments, analysis.study, analysis.post_hoc) == (("Q", "Z"), "TINY", ())
    assert abs(line.effect - np.log(SHARE)) < 4 * line.se
    assert (line.n_first, line.n_second) == (2, 2)


def test_the_headline_rests_on_the_rows_of_measures_and_on_nothing_else(results):
    table = emg.load_results(results / "out").measures
    own = table[(table["measure"] == "apdf_p50_uv") & (table["target"] == "TA_R") & (table["segment"] == "rest")]
    values = own.pivot(index="subject", columns="visit", values="value").map(np.log)
    known = hills_armitage(values.to_numpy(), [SEQUENCES[one] for one in values.index]).treatment
    line = emg.analyse_results(results / "out", None, results / "arms.csv").endpoints[0].lines[0]
    assert line.effect == pytest.approx(known.effect, rel=1e-12)
    assert line.p == pytest.approx(known.p, rel=1e-9)


def test_rows_decided_anew_stand_among_the_sensitivities(results):
    lines = {one.name: one for one in analyse_results(results / "out", None, results / "arms.csv").sensitivities}
    assert {"exclusions_off", "common_band"} <= set(lines)
    # floors under muscles that never rest are of low confidence
    assert {name: one.code for name, one in lines.items() if one.code} == {"confidence_medium": "SEQUENCE_EMPTY"}
    assert not any(name.startswith("index_offset") for name in lines)


def test_a_lost_cache_takes_its_lines_and_no_other(place):
    shutil.rmtree(place / "out" / "cache")
    analysis = analyse_results(place / "out", None, place / "arms.csv")
    codes = {one.name: one.code for one in analysis.sensitivities}
    assert analysis.endpoints[0].lines[0].effect is not None
    assert codes["complete_pairs"] == codes["without_P01"] == ""
    assert [code for name, code in codes.items() if code] != []


def test_the_files_are_the_same_bytes_on_every_call_and_verify_holds(place):
    out = place / "out"
    before = {path: path.read_bytes() for path in out.glob("*.csv")}
    first = written(out)
    tell_unblinded(out)
    assert written(out) == first
    assert before == {path: path.read_bytes() for path in out.glob("*.csv")}
    assert [str(one) for one in verify_results(out, inputs=False) if one.is_error] == []
    assert events(out)[-3:] == ["unblind", "unblinded", "unblind"]
    with (out / "unblinded" / "crossover.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["name"] for row in rows[:2]] == ["headline", "ancova"]
    assert float(rows[0]["ratio"]) == pytest.approx(np.exp(float(rows[0]["effect"])))


def test_nothing_is_analysed_without_a_lock_and_nothing_is_logged(place):
    (place / "out" / "lock.json").unlink()
    before = events(place / "out")
    with pytest.raises(EmgpipeError, match="LOCK_"):
        analyse_results(place / "out", None, place / "arms.csv")
    assert events(place / "out") == before


def test_the_command_prints_writes_and_seals(place, capsys):
    arguments = ["crossover", str(place / "out"), "--plan", str(place / "analysis.toml"), "--unblind"]
    assert run([*arguments, str(place / "arms.csv")]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("TINY: Q minus Z; arms of 4 subjects: 2 QZ, 2 ZQ\n")
    assert "headline: raw means" in told.out
    assert "without any one subject: ratios from" in told.out
    assert max(map(len, told.out.splitlines())) <= 80
    assert {path.name for path in (place / "out" / "unblinded").iterdir()} == {
        "crossover.csv", "crossover.json", "trial.html", "key",
    }  # fmt: skip
    assert [str(one) for one in verify_results(place / "out", inputs=False) if one.is_error] == []
    assert run([*arguments, str(place / "arms.csv"), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["effect"] == "Q minus Z"


def test_arms_that_cannot_be_meant_are_one_line_and_tell_nobodys_sequence(place, capsys):
    arms_file(place, ARMS.replace("P02,ZQ", "P02,QZ").replace("P04,ZQ", "P04,QZZ"))
    assert run(["crossover", str(place / "out"), "--unblind", str(place / "arms.csv")]) == 3
    told = capsys.readouterr()
    assert f"{place / 'arms.csv'}:5: TABLE_CELL: sequence of 'P04'" in told.err
    assert (told.out, told.err.count("\n"), "QZ" in told.err) == ("", 1, False)
    assert not (place / "out" / "unblinded" / "crossover.csv").exists()


def test_another_endpoint_is_post_hoc_and_says_so(place):
    found = analyse_post_hoc(place / "out", place / "arms.csv", Endpoint(measure="apdf_p90_uv", targets=("TA_R",)))
    assert found.post_hoc[0] == "post-hoc: TA_R.apdf_p90_uv was chosen after the plan was locked"
    assert found.endpoints[0].lines[0].effect < 0
    with pytest.raises(EmgpipeError, match="PLAN_UNFIT"):
        analyse_post_hoc(place / "out", place / "arms.csv", Endpoint(measure="apdf_p90_uv", targets=("TA_L",)))


def test_the_script_marks_every_row_and_refuses_in_one_line(place):
    script = [sys.executable, "-W", "error", str(ROOT / "scripts" / "reanalyse.py"), str(place / "out"),
              str(place / "arms.csv"), str(place / "post.csv")]  # fmt: skip
    done = subprocess.run([*script, "apdf_p90_uv", "TA_R", "--log"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with (place / "post.csv").open() as stream:
        assert {row["post_hoc"].startswith("post-hoc: TA_R.apdf_p90_uv") for row in csv.DictReader(stream)} == {True}
    for wrong in (["apdf_p91_uv", "TA_R"], ["apdf_p90_uv", "TA_R", "--log", "--offset-uv", "-1"]):
        done = subprocess.run([*script, *wrong], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_another_table_of_arms_than_the_first_one_is_told(place):
    analyse_post_hoc(place / "out", place / "arms.csv", Endpoint(measure="apdf_p90_uv", targets=("TA_R",)))
    swapped = (place / "arms.csv").read_text().translate(str.maketrans("QZ", "ZQ"))
    (place / "other.csv").write_text(swapped)
    found = analyse_post_hoc(place / "out", place / "other.csv", Endpoint(measure="apdf_p90_uv", targets=("TA_R",)))
    assert "post-hoc: the table of arms is not the one that was opened first" in found.post_hoc
