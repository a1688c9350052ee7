"""`emgpipe lock` says what it froze, what to keep, and what is wrong with the plan, in one line each."""

import io
from contextlib import redirect_stderr, redirect_stdout

import pytest

from emgpipe.batch import run_study
from emgpipe.batch.locking import unblind
from emgpipe.cli.app import run
from tests.batch.plans import PLAN, arms_file, plan_file
from tests.batch.studies import HEAD, row_of, write_manifest, write_recording


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lock") / "study"
    folder.mkdir()
    for n, name in enumerate(("P01_V1", "P02_V2")):
        write_recording(folder / f"{name}.edf", n)
    (folder / "study.toml").write_text(HEAD)
    write_manifest(folder, [row_of(name) for name in ("P01_V1", "P02_V2")])
    run_study(folder, folder.parent / "out", jobs=1)
    return folder.parent / "out"


def said(*arguments):
    told, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(told), redirect_stderr(errors):
        code = run([str(argument) for argument in arguments])
    return code, told.getvalue(), errors.getvalue()


def test_a_lock_from_first_to_post_hoc(out, tmp_path, monkeypatch):
    monkeypatch.setenv("EMGPIPE_USER", "station 3")
    code, told, errors = said("lock", out, "--plan", plan_file(tmp_path))
    lines = told.splitlines()
    assert (code, errors, len(lines)) == (0, "", 5)
    assert lines[0].startswith(f"lock 1 of {out / 'lock.json'}, 20")
    assert lines[0].endswith("Z by station 3")
    assert lines[1].endswith(": TA_R.apdf_p50_uv")
    assert lines[4].startswith("keep the hash of the lock elsewhere")
    again = said("lock", out, "--plan", plan_file(tmp_path))
    assert (again[0], again[2]) == (0, "")
    assert again[1].splitlines()[0].startswith("nothing to lock: it is lock 1, 20")
    assert again[1].splitlines()[1:] == lines[1:]
    unblind(out, arms_file(tmp_path), "crossover")
    empty = PLAN + '[[secondary]]\nmeasure = "spasm_rate_h"\ntargets = ["TA_R"]\n'
    code, told, errors = said("lock", out, "--plan", plan_file(tmp_path, empty))
    assert (code, "TA_R.apdf_p50_uv, 1 secondary endpoint\n" in told) == (0, True)
    assert "ENDPOINT_EMPTY: TA_R.spasm_rate_h: no row of 2 has a value (TOO_SHORT)" in errors
    assert "opened the arms before this lock" in errors


def test_refusals_are_one_line_and_exit_as_documented(out, tmp_path):
    for call, code, told in (
        (("lock", tmp_path / "none", "--plan", plan_file(tmp_path)), 3, "RESULTS_UNREADABLE"),
        (("lock", out, "--plan", plan_file(tmp_path, PLAN.replace("TA_R", "TA_L"))), 2, "PLAN_UNFIT"),
        (("lock", out, "--plan", tmp_path / "none.toml"), 2, "TEXT_UNREADABLE"),
        (("lock", out), 2, "USAGE"),
    ):
        found, said_, errors = said(*call)
        assert (found, said_, errors.count("\n"), told in errors) == (code, "", 1, True), errors
