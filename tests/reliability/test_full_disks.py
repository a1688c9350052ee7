"""Disks that are full; `make stress` mounts small and read-only ones too."""

from stress import full_disks, processes

UNIT_BYTES = 20_000
"""Too little for a unit."""


def test_a_disk_that_is_full_is_one_line_and_the_rerun_completes(bench):
    assert full_disks.limited(bench, UNIT_BYTES) == []


def test_a_refusal_without_path_or_reason_or_of_two_lines_is_seen(bench, tmp_path):
    good = f"emgpipe: {tmp_path}/measures.csv: STORE_UNWRITABLE: No space left on device; free the place\n"
    for said, n_wrong in ((good, 0), (good * 2, 1), (good.replace(str(tmp_path), "/"), 1), ("Traceback\n", 1)):
        ended = processes.Ended(2, "", said, 1.0, hung=False, orphans=0)
        assert len(full_disks._refused(ended, tmp_path, bench)) == n_wrong
