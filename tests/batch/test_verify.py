"""`verify`: every changed byte is found, and nothing is said where all is as written."""

import json
import os
import random
import shutil

import pytest

from emgpipe.batch import run_study
from emgpipe.batch.finish import TABLES
from emgpipe.batch.verify import verify_results
from emgpipe.errors import StoreError
from emgpipe.store import AuditLog, OutputLock, file_digest, read_seal, write_seal
from emgpipe.store.places import FILES
from tests.batch.studies import NAMES, OUTPUTS, row_of, stamps, write_manifest, write_recording

UNITS = tuple(f"units/{name}_supine.jsonl" for name in NAMES)
SEALED = {"run.json.sha256": ("run.json", "log.jsonl")}
VOUCHED = (*OUTPUTS, *UNITS, "run.json", "run.json.sha256", "log.jsonl")


def found(out, **options):
    """Paths and codes of what is not as written; recordings are looked at where asked for."""
    return [(p.path, p.code) for p in verify_results(out, **{"inputs": False, **options}) if p.is_error]


def files(found_here):
    return {path.partition(":")[0] for path, _ in found_here}


def test_results_that_nobody_touched_are_as_written_and_stay_untouched(study, done):
    run_study(study, done, jobs=1)  # where this copy of the study lies
    before = stamps(done)
    assert verify_results(done, recompute=2) == []
    assert stamps(done) == before


def changed(data, place, how, rng):
    """Bytes with one of them flipped, replaced, removed, doubled, or all from it on gone."""
    byte = data[place]
    one = {"bit": [byte ^ (1 << rng.randrange(8))], "byte": [(byte + rng.randrange(1, 256)) % 256], "gone": [],
           "twice": [byte, byte], "cut": []}[how]  # fmt: skip
    return data[:place] + bytes(one) + (b"" if how == "cut" else data[place + 1 :])


@pytest.mark.parametrize("name", VOUCHED)
def test_any_changed_byte_is_found(done, name):
    rng = random.Random(name)
    path = done / name
    whole = path.read_bytes()
    lines = [0, len(whole) - 1, whole.find(b"\n") % len(whole), whole.rfind(b"\n", 0, -1) % len(whole)]
    places = [*lines, *(rng.randrange(len(whole)) for _ in range(8))]
    missed = []
    for n, place in enumerate(places):
        how = ("bit", "byte", "gone", "twice", "cut")[n % 5]
        path.write_bytes(changed(whole, place, how, rng))
        # of two that contradict each other, a seal and what it seals, one is named
        if not {name, *SEALED.get(name, ())} & files(found(done)):
            missed.append((place, how))
    assert missed == []
    path.write_bytes(whole)
    assert found(done) == []


@pytest.mark.parametrize("name", VOUCHED)
def test_a_file_that_is_gone_or_longer_is_found(done, name):
    with (done / name).open("ab") as stream:
        stream.write(b"\n")
    assert name in files(found(done))
    (done / name).unlink()
    assert (name, "RESULT_MISSING") in found(done)


LOG_CHANGES = {
    "a line removed": lambda lines: lines[:2] + lines[3:],
    "the last line removed": lambda lines: lines[:-1],
    "lines swapped": lambda lines: [lines[1], lines[0], *lines[2:]],
    "a line twice": lambda lines: [*lines[:2], lines[1], *lines[2:]],
    "a line of ours behind the end": lambda lines: [*lines, lines[-1]],
    "all but the first": lambda lines: lines[:1],
    "nothing": lambda lines: [],
}


@pytest.mark.parametrize("change", LOG_CHANGES)
def test_a_log_with_other_lines_is_found(done, change):
    lines = (done / "log.jsonl").read_bytes().splitlines(keepends=True)
    (done / "log.jsonl").write_bytes(b"".join(LOG_CHANGES[change](lines)))
    assert "log.jsonl" in files(found(done))


def test_an_older_copy_of_the_log_is_found_and_the_next_run_cannot_hide_it(study, done):
    older = (done / "log.jsonl").read_bytes()
    write_recording(study / "P01_V1.edf", 98)
    run_study(study, done, jobs=1)
    assert found(done) == []
    (done / "log.jsonl").write_bytes(older)
    assert found(done) == [("log.jsonl", "LOG_CHANGED")]
    run_study(study, done, jobs=1)
    assert [code for _, code in found(done)] == ["LOG_BROKEN"]


def test_a_line_behind_the_seal_is_found_though_its_chain_holds_and_the_next_run_takes_it_in(study, done):
    run_study(study, done, jobs=1)
    with AuditLog(done / "log.jsonl") as log:
        log.append("recording", recording="of a run that was killed")
    assert found(done) == [("log.jsonl", "LOG_UNSEALED")]
    run_study(study, done, jobs=1)
    assert found(done) == []


def test_a_log_that_is_gone_is_said_in_the_next_one(study, done):
    (done / "log.jsonl").unlink()
    run_study(study, done, jobs=1)
    assert found(done) == [("log.jsonl:1", "LOG_BROKEN")]


def test_a_record_made_up_with_its_seal_does_not_pass_for_the_tables(done):
    record = json.loads((done / "run.json").read_text())
    (done / "run.json").write_text(json.dumps({**record, "outputs": 3}))
    assert files(found(done)) == {"run.json"}


def test_a_unit_under_another_name_is_found(done):
    shutil.copy(done / UNITS[0], done / UNITS[1])
    assert (UNITS[1], "RESULT_CHANGED") in found(done)


def test_a_unit_that_is_newer_than_the_tables_is_told_from_a_damaged_one(study, done):
    older = {name: (done / name).read_bytes() for name in (*OUTPUTS, "run.json", "run.json.sha256", "log.jsonl")}
    write_recording(study / "P01_V1.edf", 98)
    run_study(study, done, jobs=1)
    for name, data in older.items():  # as if the run had been killed before its tables
        (done / name).write_bytes(data)
    assert found(done) == [(UNITS[0], "UNIT_NEWER")]
    run_study(study, done, jobs=1)
    assert found(done) == []


def damaged(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("pattern", ["cache/frames/*/000_psd.npy", "cache/frames/*/meta.json", "cache/pairs/*.npy"])
def test_a_damaged_cache_is_found_by_file_and_the_next_run_repairs_what_it_reads(done, pattern):
    path = sorted(done.glob(pattern))[0]
    damaged(path)
    place = path.parent if "frames" in pattern else path
    assert found(done) == [(place.relative_to(done).as_posix(), "CACHE_DAMAGED")]


def test_frames_and_covariances_under_the_name_of_others_are_found(done):
    for kind in ("frames", "pairs"):
        one, other = sorted((done / "cache" / kind).iterdir())[:2]
        shutil.move(one, done / "aside")
        shutil.move(other, one)
        shutil.move(done / "aside", other)
    assert [code for _, code in found(done)] == ["CACHE_DAMAGED"] * 4


def test_a_cache_that_was_deleted_is_no_problem(done):
    shutil.rmtree(done / "cache")
    assert found(done) == []


def test_what_nothing_refers_to_is_named_and_harms_nothing(study, done, tmp_path):
    (tmp_path / "s.toml").write_text("[condition]\nlow_hz = 30.0\n")
    run_study(study, done, settings=tmp_path / "s.toml", jobs=1)
    write_manifest(study, [row_of(name) for name in NAMES[:3]])
    run_study(study, done, settings=tmp_path / "s.toml", jobs=1)
    (done / "units" / ".tmp-abcdefgh").touch()
    problems = verify_results(done)
    assert {(p.path, p.code) for p in problems} == {
        (UNITS[3], "UNIT_UNUSED"), ("cache", "CACHE_UNUSED"), ("units/.tmp-abcdefgh", "LEFTOVER"),
    }  # fmt: skip
    assert not any(p.is_error for p in problems)


def test_a_recording_that_changed_in_secret_is_found_and_one_that_is_gone_is_said(study, done):
    run_study(study, done, jobs=1)
    path = study / "P01_V1.edf"
    times = path.stat()
    damaged(path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert run_study(study, done, jobs=1).computed == 0  # reruns trust size and time
    (study / "P02_V2.edf").unlink()
    told = {(p.path, p.code, p.is_error) for p in verify_results(done)}
    assert told == {("P01_V1.edf", "INPUT_CHANGED", True), ("P02_V2.edf", "INPUT_MISSING", False)}
    assert verify_results(done, inputs=False) == []


def test_recordings_are_found_where_the_study_has_moved_to(study, done, tmp_path):
    run_study(study, done, jobs=1)
    moved = study.rename(tmp_path / "elsewhere")
    assert {p.code for p in verify_results(done)} == {"INPUT_MISSING"}
    assert verify_results(done, study=moved) == verify_results(done, study=moved / "study.toml") == []


def test_a_folder_without_results_is_refused_and_stays_empty(tmp_path):
    with pytest.raises(StoreError, match="RESULTS_UNREADABLE"):
        verify_results(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_results_that_a_run_is_writing_are_not_judged(done):
    with OutputLock(done), pytest.raises(StoreError, match="STORE_LOCKED"):
        verify_results(done)


def test_shares_that_are_merged_are_as_written_and_their_logs_are_vouched_for(study, tmp_path):
    out = tmp_path / "shared"
    for shard in ("1/2", "2/2"):
        run_study(study, out, jobs=1, shard=shard)
    run_study(study, out, jobs=1)
    assert verify_results(out) == []
    path = out / "logs" / "shard-2-of-2.jsonl"
    whole = path.read_bytes()
    last = whole.splitlines()[-1]
    for other in (whole.replace(last, last.replace(b"ok", b"ko")), whole[:-9], whole[: -len(last) - 1], whole + last):
        path.write_bytes(other)
        assert "logs/shard-2-of-2.jsonl" in files(found(out))
    path.unlink()
    assert ("logs/shard-2-of-2.jsonl", "RESULT_MISSING") in found(out)


def test_a_share_that_is_not_merged_is_said(study, done):
    write_recording(study / "P01_V1.edf", 98)
    run_study(study, done, jobs=1, shard="1/1")
    assert found(done) == [(UNITS[0], "UNIT_NEWER"), ("logs/shard-1-of-1.jsonl", "LOG_UNSEALED")]
    run_study(study, done, jobs=1)
    assert found(done) == []


@pytest.mark.parametrize(
    "part", [{"logs": 3}, {"logs": {"a": 1}}, {"units": [1]}, {"outputs": None}, {"units": {"..": 1}}]
)
def test_a_record_that_no_run_writes_is_said_and_never_a_traceback(done, part):
    record = json.loads((done / "run.json").read_text()) | part
    (done / "run.json").write_text(json.dumps(record))
    seal = read_seal(done)
    write_seal(done, seal._replace(run_json=file_digest(done / "run.json")))
    assert found(done) or part == {"units": {"..": 1}}


def test_links_that_a_user_puts_beside_results_are_left_alone(study, done):
    for folder in (done, done / "units"):
        (folder / "study.toml").symlink_to(study / "study.toml")
    run_study(study, done, jobs=1)
    assert found(done) == []
    assert {name for names in FILES.values() for name in names} >= set(TABLES)


def test_units_of_an_earlier_version_are_called_so(study, done):
    (done / "units" / "P01_V1_supine.json").write_text("{}")
    run_study(study, done, jobs=1)
    assert [p.found for p in verify_results(done)] == ["of an earlier version; nobody reads it"]


def test_recordings_are_looked_at_without_the_lock(study, done, monkeypatch):
    def looked(_, place):
        with OutputLock(done):
            return [place]

    monkeypatch.setattr("emgpipe.batch.verify.input_problems", looked)
    assert verify_results(done, study=study) == [study]
