"""What is locked, what a lock refuses, and that arms are opened under one alone."""

import hashlib
import json

import pytest

from emgpipe.batch import load_results, run_study
from emgpipe.batch.locking import lock_results, opened_lock, refuse_other_results, unblind
from emgpipe.batch.unblinded import tell_unblinded
from emgpipe.batch.verify import verify_results
from emgpipe.errors import EmgpipeError
from emgpipe.outcomes.lock import post_hoc
from emgpipe.outcomes.plan import parse_plan
from tests.batch.plans import ARMS, PLAN, arms_file, plan_file

OTHER = PLAN.replace("apdf_p50_uv", "apdf_p90_uv")
LOUDER = "[detect]\nfloor_min_uv = 0.4\n"


@pytest.fixture
def locked(study, done, tmp_path):
    """Results of `study` under a lock."""
    lock_results(done, plan_file(tmp_path))
    return done


def events(out, kind):
    told = [json.loads(line) for line in (out / "log.jsonl").read_bytes().splitlines()]
    return [event for event in told if event["event"] == kind]


def contents(out):
    return {path.relative_to(out): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def problems(out):
    return [(p.path, p.code) for p in verify_results(out, inputs=False) if p.is_error]


def refused(code, call, *args, **options):
    with pytest.raises(EmgpipeError) as caught:
        call(*args, **options)
    assert caught.value.code == code, str(caught.value)
    return str(caught.value)


def rerun(study, out, text=LOUDER):
    (study.parent / "other.toml").write_text(text)
    return run_study(study, out, jobs=1, settings=study.parent / "other.toml")


def test_a_lock_holds_plan_settings_and_tables_and_the_log_names_it(done, tmp_path):
    plan = plan_file(tmp_path, "# why\n" + PLAN)
    made = lock_results(done, plan)
    told = json.loads((done / "lock.json").read_bytes())["locks"][0]
    record = json.loads((done / "run.json").read_bytes())
    assert (made.is_new, made.post_hoc, made.findings) == (True, False, ())
    assert told["plan_text"] == plan.read_text()
    assert (told["plan_sha256"], told["plan"]["endpoint"]["measure"]) == (parse_plan(PLAN).sha256, "apdf_p50_uv")
    assert (told["outputs"], told["settings_id"]) == (record["outputs"], record["settings_id"])
    assert told["inputs"] == sorted(record["inputs"].values())
    (event,) = events(done, "lock")
    assert (event["sha256"], event["number"], event["who"], event["time"]) == (told["sha256"], 1, made.who, made.time)
    assert problems(done) == []


def test_the_same_again_writes_nothing_and_another_plan_is_kept_beside_the_first(locked, tmp_path):
    before = contents(locked)
    again = lock_results(locked, plan_file(tmp_path, PLAN + "# a word more\n"))
    assert (again.is_new, again.lock.number, contents(locked)) == (False, 1, before)
    other = lock_results(locked, plan_file(tmp_path, OTHER))
    assert (other.is_new, other.lock.number, other.post_hoc) == (True, 2, False)
    assert [one["number"] for one in json.loads((locked / "lock.json").read_bytes())["locks"]] == [1, 2]
    assert problems(locked) == []


def test_what_cannot_be_locked_leaves_everything_as_it_was(done, tmp_path):
    before = contents(done)
    refused("PLAN_UNFIT", lock_results, done, plan_file(tmp_path, PLAN.replace("TA_R", "TA_L")))
    refused("PLAN_INVALID", lock_results, done, plan_file(tmp_path, "[endpoint]\n"))
    refused("TEXT_UNREADABLE", lock_results, done, tmp_path / "none.toml")
    refused("RESULTS_UNREADABLE", lock_results, tmp_path / "nowhere", plan_file(tmp_path))
    assert contents(done) == before
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("name", ["visits.csv", "run.json", "log.jsonl", "units/P01_V1_supine.jsonl", "settings.toml"])
def test_results_that_are_not_as_written_are_neither_locked_nor_opened(locked, tmp_path, name):
    path = locked / name
    path.write_bytes(path.read_bytes()[:-1] + b" \n")
    before = contents(locked)
    refused("LOCK_REFUSED", lock_results, locked, plan_file(tmp_path, OTHER))
    if not name.startswith(("units", "settings")):
        code = "LOCK_DIFFERS" if name == "visits.csv" else "LOCK_REFUSED"
        refused(code, unblind, locked, arms_file(tmp_path), "crossover")
    assert contents(locked) == before


@pytest.mark.parametrize("name", ["log.jsonl", "measures.csv"])
def test_what_cannot_be_read_is_said_in_one_line(locked, tmp_path, name):
    path = locked / name
    path.unlink()
    path.mkdir()  # whoever tests as root may read every file
    for call, *given in ((lock_results, plan_file(tmp_path, OTHER)), (unblind, arms_file(tmp_path), "crossover")):
        with pytest.raises(EmgpipeError) as caught:
            call(locked, *given)
        assert "\n" not in str(caught.value)
    assert problems(locked)


def test_arms_are_opened_under_a_lock_and_the_log_says_so_first(locked, tmp_path):
    opened = unblind(locked, arms_file(tmp_path), "crossover", plan=parse_plan(PLAN))
    assert opened.sequences == {"P01": "QZ", "P02": "ZQ"}
    assert (opened.opened.lock, opened.opened.unblinded) == (opened.opened.binding, False)
    (event,) = events(locked, "unblind")
    assert (event["what"], event["lock"], event["binding"]) == ("crossover", opened.opened.sha256, 1)
    assert opened_lock(locked).unblinded
    assert problems(locked) == []


def test_neither_letters_of_arms_nor_a_plain_hash_of_them_reach_a_file_outside_unblinded(locked, tmp_path):
    unblind(locked, arms_file(tmp_path), "crossover")
    plain = hashlib.sha256(ARMS.encode()).hexdigest().encode()
    for path, data in contents(locked).items():
        assert b'QZ"' not in data or path.parts[0] == "cache"
        assert plain not in data
    assert (locked / "unblinded" / "key").is_file()


def test_without_a_matching_lock_no_arm_is_opened_and_nothing_changes(study, done, tmp_path):
    arms, other = arms_file(tmp_path), parse_plan(OTHER)
    before = contents(done)
    assert "emgpipe lock" in refused("LOCK_MISSING", unblind, done, arms, "crossover")
    assert contents(done) == before
    lock_results(done, plan_file(tmp_path))
    before = contents(done)
    assert "the plan" in refused("LOCK_DIFFERS", unblind, done, arms, "crossover", plan=other)
    refused("TABLE_SEQUENCE", unblind, done, arms_file(tmp_path, ARMS + "P01,ZQ\n"), "crossover")
    refused("TABLE_CELL", unblind, done, arms_file(tmp_path, "subject,sequence\nS1,AB\nS2,BA\n"), "crossover")
    assert contents(done) == before
    rerun(study, done)
    told = refused("LOCK_DIFFERS", unblind, done, arms_file(tmp_path), "crossover")
    assert "settings, measures.csv" in told
    assert ("lock.json", "LOCK_DIFFERS") in problems(done)
    assert events(done, "unblind") == []


def test_days_of_visits_are_locked_too(study, locked, tmp_path):
    text = (study / "recordings.csv").read_text().splitlines()
    (study / "recordings.csv").write_text(
        "\n".join([f"{text[0]},day", *(f"{line},{n}" for n, line in enumerate(text[1:]))])
    )
    run_study(study, locked, jobs=1)
    assert "days and conditions" in refused("LOCK_DIFFERS", opened_lock, locked)


def test_a_study_that_moved_is_the_same_study(study, locked):
    moved = study.rename(study.parent / "moved")
    run_study(moved, locked, jobs=1)
    assert opened_lock(locked).lock.number == 1
    assert problems(locked) == []


def test_a_run_keeps_lock_and_unblinded_and_says_that_tables_change(study, locked, tmp_path):
    unblind(locked, arms_file(tmp_path), "crossover")
    (locked / "unblinded" / "crossover.csv").write_text("x\n")
    tell_unblinded(locked)
    kept = {name: (locked / name).read_bytes() for name in ("lock.json", "unblinded/crossover.csv", "unblinded/key")}
    told = []
    (tmp_path / "other.toml").write_text(LOUDER)
    report = run_study(study, locked, jobs=1, settings=tmp_path / "other.toml", watch=told.append)
    before = [f.code for event in told if event.kind == "finding" for f in event.findings]
    assert before == ["RESULTS_LOCKED"]
    assert [finding.code for _, finding in report.warnings if finding.code == "RESULTS_LOCKED"] == ["RESULTS_LOCKED"]
    assert kept == {name: (locked / name).read_bytes() for name in kept}
    report = run_study(study, locked, jobs=1)  # back to what was locked, byte for byte
    assert "RESULTS_LOCKED" not in [finding.code for _, finding in report.warnings]
    assert problems(locked) == []
    assert opened_lock(locked).lock.number == 1


def test_what_is_locked_after_unblinding_is_post_hoc_to_the_lock_before_it(study, locked, tmp_path):
    unblind(locked, arms_file(tmp_path), "crossover")
    fresh = post_hoc(opened_lock(locked), load_results(locked).measures)
    assert (fresh.words, fresh.rows.any()) == ((), False)
    rerun(study, locked)
    late = lock_results(locked, plan_file(tmp_path, OTHER))
    assert (late.is_new, late.post_hoc, lock_results(locked, plan_file(tmp_path, OTHER)).post_hoc) == (True, True, True)
    opened = unblind(locked, arms_file(tmp_path), "crossover").opened
    assert (opened.lock.number, opened.binding.number, opened.unblinded) == (2, 1, True)
    found = post_hoc(opened, load_results(locked).measures)
    assert found.rows.all()
    assert "made with other settings than at the first unblinding" in found.words[0]
    assert "(lock 1): the plan, settings, " in found.words[-1]


def test_the_plan_of_an_earlier_lock_may_be_analysed_again(locked, tmp_path):
    lock_results(locked, plan_file(tmp_path, OTHER))
    assert opened_lock(locked, parse_plan(PLAN)).lock.number == 1
    assert opened_lock(locked).lock.number == opened_lock(locked).binding.number == 2


FORGED = {
    "a byte": lambda text: text.replace("apdf_p50_uv", "apdf_p90_uv", 1),
    "the form alone": lambda text: text.replace('"number": 1', '"number":  1'),
    "no json": lambda _: "{",
    "no locks": lambda _: '{"locks": []}\n',
    "another thing": lambda _: '[{"locks": 3}]\n',
}


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_lock_is_found(locked, tmp_path, case):
    path = locked / "lock.json"
    path.write_text(FORGED[case](path.read_text()))
    assert problems(locked) == [("lock.json", "LOCK_CHANGED")]
    refused("LOCK_CHANGED", unblind, locked, arms_file(tmp_path), "crossover")
    assert "from a copy" in refused("LOCK_CHANGED", lock_results, locked, plan_file(tmp_path))


def test_a_lock_that_is_gone_is_missed(locked):
    path = locked / "lock.json"
    text = path.read_text()
    path.unlink()
    assert problems(locked) == [("lock.json", "LOCK_CHANGED")]
    refused("LOCK_CHANGED", opened_lock, locked)
    path.write_text(text)
    assert problems(locked) == []


def test_a_lock_that_a_killed_command_did_not_log_never_was_one(done, tmp_path):
    before = {name: (done / name).read_bytes() for name in ("log.jsonl", "run.json.sha256")}
    lock_results(done, plan_file(tmp_path))
    for name, data in before.items():  # killed between the file and the log
        (done / name).write_bytes(data)
    assert "lock again" in refused("LOCK_CHANGED", opened_lock, done)
    assert lock_results(done, plan_file(tmp_path, OTHER)).lock.number == 1
    assert (problems(done), opened_lock(done).lock.analysis_plan().endpoint.measure) == ([], "apdf_p90_uv")


def test_what_lies_in_unblinded_is_vouched_for(locked, tmp_path):
    unblind(locked, arms_file(tmp_path), "crossover")
    page = locked / "unblinded" / "trial.html"
    page.write_text("1")
    assert problems(locked) == [("unblinded/trial.html", "RESULT_CHANGED")]
    tell_unblinded(locked)
    n_events = len(events(locked, "unblinded"))
    tell_unblinded(locked)
    assert (problems(locked), len(events(locked, "unblinded"))) == ([], n_events)
    page.write_text("2")
    assert problems(locked) == [("unblinded/trial.html", "RESULT_CHANGED")]
    page.unlink()
    assert problems(locked) == [("unblinded/trial.html", "RESULT_MISSING")]
    page.write_text("1")
    (locked / "unblinded" / "key").unlink()
    assert problems(locked) == [("unblinded/key", "RESULT_MISSING")]


def test_results_written_anew_behind_the_opening_are_not_analysed(study, locked, tmp_path):
    opened = unblind(locked, arms_file(tmp_path), "crossover").opened
    refuse_other_results(load_results(locked), opened)
    rerun(study, locked)
    refused("LOCK_DIFFERS", refuse_other_results, load_results(locked), opened)


def test_a_key_that_hides_nothing_is_refused(locked, tmp_path):
    unblind(locked, arms_file(tmp_path), "crossover")
    for text in (b"", b"\xff\xfe", b"0" * 63):
        (locked / "unblinded" / "key").write_bytes(text)
        refused("LOCK_CHANGED", unblind, locked, arms_file(tmp_path), "crossover")
    assert len(events(locked, "unblind")) == 1


def test_nobody_locks_or_opens_while_a_run_is_at_work(locked, tmp_path):
    from emgpipe.store import OutputLock

    with OutputLock(locked):
        refused("STORE_LOCKED", lock_results, locked, plan_file(tmp_path))
        refused("STORE_LOCKED", unblind, locked, arms_file(tmp_path), "crossover")
        refused("STORE_LOCKED", opened_lock, locked)
