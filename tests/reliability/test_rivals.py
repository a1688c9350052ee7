"""Several runs at once on one output; `make stress` has more."""

from stress import rivals


def test_of_three_runs_at_once_one_ends_well_and_two_are_refused(bench):
    assert rivals.refusing(bench) == []


def test_shards_at_once_and_a_run_that_merges_them_make_the_same_bytes(bench):
    assert rivals.sharded(bench) == []
