"""SIGKILL at moments from a seed; `make stress` has ten times as many."""

import json
import shutil
from functools import partial

import pytest

from stress import kills, results

SEED = 20


def test_a_run_that_is_killed_tears_nothing_and_the_next_one_completes(bench):
    kinds = [("group", 0), ("group", 1), ("leader", 0)]
    cases = [partial(kills.kill_case, bench, SEED, kind, n) for kind, n in kinds]
    assert [case.offences for case in kills.in_pairs(cases)] == [[]] * 3


def test_a_worker_that_is_killed_costs_nothing(bench):
    assert kills.kill_case(bench, SEED, "worker", 0).offences == []


def test_kills_in_a_chain_on_one_output_add_up_to_a_whole_run(bench):
    assert kills.chain(bench, SEED, 2).offences == []


def test_runs_that_do_not_reach_their_pages_and_that_do_are_both_killed(bench):
    assert [bench.options(n)[1] is bench.paged for n in range(5)] == [False, False, False, False, True]


@pytest.fixture
def out(bench, tmp_path):
    """A copy of the undisturbed results, to be spoilt."""
    return shutil.copytree(bench.folder / "plain", tmp_path / "out")


def cut(path):
    path.write_bytes(path.read_bytes()[:-3])


def test_every_kind_of_torn_file_is_seen(bench, out):
    assert results.torn(out, bench.plain.contents) == []
    names = ["measures.csv", "visits.parquet", "run.json"]
    names += [next(out.glob(which)).relative_to(out).as_posix() for which in ("units/*", "cache/**/meta.json")]
    for name in names:
        cut(out / name)
    assert {told.removeprefix("torn: ") for told in results.torn(out, bench.plain.contents)} == set(names)


def test_what_is_left_over_missing_or_other_is_seen(bench, out):
    (out / "inputs.csv").unlink()
    (out / "cache" / ".tmp-12345678").mkdir()
    cut(out / "intervals.csv")
    told = results.differences(out, bench.plain.contents)
    assert told == ["missing: inputs.csv", "left over: cache/.tmp-12345678/", "other bytes: intervals.csv"]


def test_a_unit_may_be_an_earlier_one_but_not_a_part_of_one(bench, out):
    unit, other = sorted((out / "units").iterdir())[:2]
    shutil.copy(other, unit)
    assert results.torn(out, bench.plain.contents) == []
    assert results.differences(out, bench.plain.contents) == [f"other bytes: units/{unit.name}"]


def test_times_in_the_record_and_the_log_are_not_compared(bench, out):
    record = json.loads((out / "run.json").read_text())
    (out / "run.json").write_text(json.dumps(record, indent=1))
    (out / "log.jsonl").write_text("")
    assert results.differences(out, bench.plain.contents) == []
