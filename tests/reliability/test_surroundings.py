"""The same bytes elsewhere; `make stress` has forty surroundings."""

from functools import partial

from stress import kills, results, surroundings

SOME = ("hash seed 4294967295", "stdin, stdout and stderr closed")


def test_in_other_surroundings_the_bytes_are_the_same(same):
    cases = kills.in_pairs([partial(surroundings.surrounded, same, name) for name in SOME])
    assert [case.offences for case in cases] == [[], []]


def test_without_worker_processes_the_bytes_are_the_same(same):
    assert surroundings.engine(same, "serial (`-j 1`)").offences == []


def test_there_are_at_least_25_surroundings():
    assert len(surroundings.SURROUNDINGS) >= 25


def test_a_page_of_other_bytes_is_seen(bench):
    out = bench.folder / "paged"
    other = {name: "0" if name == "reports/index.html" else told for name, told in bench.paged.contents.items()}
    assert results.table_differences(out, other) == ["other bytes: reports/index.html"]
