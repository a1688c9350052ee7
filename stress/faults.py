"""The catalogue of faults: what emgpipe does in each, and the tests that hold it."""

from typing import NamedTuple


class Fault(NamedTuple):
    """A fault, what comes of it, and tests as `file::function`, below `tests/`."""

    fault: str
    outcome: str
    tests: tuple[str, ...]


_STRESS = "readers/test_malformed.py::test_200_malformed_files_are_treated_as_the_policy_says"
_KILLS = "reliability/test_kills.py::"
_ROUND = "reliability/test_surroundings.py::"

FAULTS = (
    Fault(
        "cut in the header, empty, not EDF",
        "refused, the byte named: FILE_EMPTY, HEADER_SHORT, NOT_EDF",
        ("readers/test_header.py::test_every_cut_of_a_file_is_told", _STRESS),
    ),
    Fault(
        "cut in the data, bytes left over, a wrong number of records",
        "whole records used and said; what cannot be proved is refused; `--strict` refuses all",
        ("readers/test_header.py::test_the_number_of_records_is_that_of_the_file_or_refused", _STRESS),
    ),
    Fault(
        "a number field that is no number",
        "layout: the file refused; scale: that signal refused",
        ("readers/test_header.py::test_a_limit_that_is_no_number_refuses_its_signal_only", _STRESS),
    ),
    Fault(
        "digital or physical limits without a scale",
        "that signal refused",
        ("readers/test_signals.py::test_a_scale_without_meaning_refuses_its_signal_only",),
    ),
    Fault(
        "physical minimum above the maximum",
        "used with the sign it means, INVERTED",
        ("readers/test_signals.py::test_an_inverted_range_gives_samples_of_the_other_sign",),
    ),
    Fault(
        "a wrong number of signals or header bytes",
        "refused",
        ("readers/test_header.py::test_a_header_without_meaning_refuses_the_file", _STRESS),
    ),
    Fault(
        "sizes that lie",
        "refused before anything is allocated",
        ("readers/test_edf.py::test_huge_claims_and_huge_sparse_files_allocate_nothing",),
    ),
    Fault("a legal file of 3 GiB", "read by blocks; memory in [stress](stress.md)", (_STRESS,)),
    Fault(
        "gaps, damaged lists of annotations, impossible onsets",
        "runs of their own, no filter across; damaged lists refuse the file",
        (
            "readers/test_clock.py::test_each_stretch_without_a_gap_is_a_run",
            "readers/test_edf.py::test_a_damaged_annotation_list_refuses_the_file",
        ),
    ),
    Fault(
        "a channel missing or twice",
        "rows say so, others are measured; never by position",
        ("readers/test_signals.py::test_labels_and_muscles_that_repeat_are_said_with_their_places",),
    ),
    Fault(
        "units",
        "known ones scaled, others refused",
        (
            "readers/test_edf.py::test_units_are_scaled_to_microvolts",
            "readers/test_edf.py::test_an_unknown_unit_refuses_its_signal_only",
        ),
    ),
    Fault(
        "rates too low or unequal",
        "RATE_TOO_LOW; a pair of unequal rates keeps what can be told",
        ("readers/test_edf.py::test_signals_of_unequal_rates_keep_their_own",),
    ),
    Fault(
        "flat, clipped, one signal twice",
        "left out and named; IDENTICAL_CHANNELS",
        ("batch/test_intake.py::test_one_signal_in_two_channels_reaches_the_tables",),
    ),
    Fault(
        "one file as two visits",
        "the study refused, both rows named: BYTES_TWICE",
        ("batch/test_intake.py::test_the_same_bytes_under_two_visits_are_refused_before_the_run_and_both_rows_named",),
    ),
    Fault(
        "no permission, pipe, device, folder, dead link; a file that changes",
        "one failed row at once",
        (
            "readers/test_special_files.py::test_a_run_makes_each_of_them_a_row_and_measures_the_good_one",
            "batch/test_intake.py::test_a_file_that_changes_while_it_is_read_is_one_failed_row",
        ),
    ),
    Fault(
        "a read-only study",
        "works, nothing is written beside it",
        ("readers/test_special_files.py::test_nothing_is_written_beside_an_input_and_a_read_only_folder_works",),
    ),
    Fault(
        "disk full, read-only results",
        "STORE_UNWRITABLE with path and reason, nothing torn; a rerun completes",
        ("reliability/test_full_disks.py::test_a_disk_that_is_full_is_one_line_and_the_rerun_completes",),
    ),
    Fault(
        "SIGKILL, power loss",
        "files appear whole or not at all; a rerun uses what is finished",
        (
            f"{_KILLS}test_a_run_that_is_killed_tears_nothing_and_the_next_one_completes",
            "store/test_files.py::test_a_killed_writer_leaves_a_whole_file",
        ),
    ),
    Fault(
        "two runs on one output",
        "STORE_LOCKED, or `--wait`",
        ("reliability/test_rivals.py::test_of_three_runs_at_once_one_ends_well_and_two_are_refused",),
    ),
    Fault(
        "a worker or the leader dies",
        "one retry in a fresh process, then WORKER_LOST; workers leave with their leader",
        (
            "batch/test_workers.py::test_a_worker_that_dies_twice_costs_one_row",
            "batch/test_workers.py::test_workers_leave_when_their_leader_is_killed",
        ),
    ),
    Fault(
        "a Dask worker dies",
        "its recording is tried once more elsewhere, then WORKER_LOST; no other one is blamed",
        ("batch/test_cluster.py::test_a_recording_that_ends_its_worker_twice_costs_one_row",),
    ),
    Fault(
        "paths that leave the study",
        "refused unless `--allow-outside`",
        (
            "study/test_manifest.py::test_a_file_outside_the_folder_is_refused",
            "study/test_manifest.py::test_a_link_that_leads_outside_is_refused_unless_allowed",
        ),
    ),
    Fault(
        "cells that are formulas",
        "guarded; negative numbers stay numbers",
        ("store/test_files.py::test_text_that_looks_like_a_formula_is_defused_and_numbers_are_not",),
    ),
    Fault(
        "markup in labels and names",
        "text; pages allow no script",
        (
            "test_escaping.py::test_no_element_of_a_page_is_made_from_data",
            "test_escaping.py::test_a_page_allows_nothing_but_its_own_style_and_pictures",
        ),
    ),
    Fault(
        "settings and tables that are bombs, of unknown keys, of NaN",
        "refused with line and nearest name; sizes are limited",
        (
            "test_settings.py::test_an_unknown_key_is_refused_with_line_and_nearest_name",
            "study/test_hostile.py::test_a_hostile_study_ends_with_its_code",
        ),
    ),
    Fault("archives", "not opened: NOT_EDF", ("readers/test_header.py::test_what_is_no_edf_is_refused",)),
    Fault(
        "pickles in caches",
        "there are none; frames are hashed `.npy`",
        ("store/test_frames.py::test_any_flipped_byte_is_noticed",),
    ),
    Fault(
        "a numba cache that is cold or cannot be written",
        "compiled again, the same bytes",
        (f"{_ROUND}test_in_other_surroundings_the_bytes_are_the_same",),
    ),
    Fault("the web page", "not built yet", ()),
    Fault(
        "names of people in logs, pages, names, messages",
        "never parsed into anything that is shown",
        (
            "test_privacy.py::test_a_run_with_its_pages_tells_nothing",
            "test_privacy.py::test_what_is_read_and_raised_tells_nothing",
        ),
    ),
    Fault(
        "arms that leak",
        "columns and cells that name an arm are refused before the run",
        (
            "study/test_manifest.py::test_a_column_that_names_an_arm_is_refused",
            "study/test_manifest.py::test_a_cell_that_names_an_arm_is_refused_and_not_repeated",
        ),
    ),
    Fault(
        "time zone, locale, line ends, encoding, width",
        "the same bytes",
        (
            f"{_ROUND}test_in_other_surroundings_the_bytes_are_the_same",
            "store/test_files.py::test_tables_are_utf8_with_lf",
        ),
    ),
    Fault(
        "order of hashes, folders, threads",
        "the same bytes",
        (f"{_ROUND}test_without_worker_processes_the_bytes_are_the_same",),
    ),
    Fault(
        "control characters from files",
        "written out",
        ("test_escaping.py::test_check_writes_no_control_character",),
    ),
)


def table() -> str:
    """Section of docs/reliability.md."""
    lines = ["| # | fault | what emgpipe does | held by |", "|---|---|---|---|"]
    for number, (fault, outcome, tests) in enumerate(FAULTS, 1):
        names = "<br>".join(f"`{test.split('::')[1]}`" for test in tests)
        lines.append(f"| {number} | {fault} | {outcome} | {names} |")
    return "\n".join(lines) + "\n"
