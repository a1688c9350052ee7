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
        (
            "readers/test_header.py::test_every_cut_of_a_file_is_told",
            _STRESS,
            "readers/test_header.py::test_what_is_no_edf_is_refused",
        ),
    ),
    Fault(
        "cut in the data, bytes left over, a wrong number of records",
        "whole records used and said; what cannot be proved is refused; `--strict` refuses all",
        (
            "readers/test_header.py::test_the_number_of_records_is_that_of_the_file_or_refused",
            _STRESS,
            "readers/test_header.py::test_a_number_of_records_in_doubt_is_never_used_without_a_word",
            "batch/test_intake.py::test_strict_turns_a_warning_of_the_reader_into_a_failed_row",
        ),
    ),
    Fault(
        "a number field that is no number (`nan`, `1_000`, `1,5`)",
        "layout: the file refused; scale: that signal refused",
        (
            "readers/test_header.py::test_a_limit_that_is_no_number_refuses_its_signal_only",
            _STRESS,
            "readers/test_header.py::test_samples_per_record_that_are_none_refuse_the_file",
            "readers/test_fields.py::test_what_is_read_as_a_number_is_one_and_finite",
        ),
    ),
    Fault(
        "digital or physical limits without a scale",
        "that signal refused",
        (
            "readers/test_signals.py::test_a_scale_without_meaning_refuses_its_signal_only",
            "readers/test_signals.py::test_a_broken_signal_stops_no_other",
        ),
    ),
    Fault(
        "physical minimum above the maximum",
        "used with the sign it means, INVERTED",
        ("readers/test_signals.py::test_an_inverted_range_gives_samples_of_the_other_sign",),
    ),
    Fault(
        "a wrong number of signals or header bytes",
        "refused",
        (
            "readers/test_header.py::test_a_header_without_meaning_refuses_the_file",
            _STRESS,
            "readers/test_header.py::test_signals_are_not_looked_at_where_their_number_contradicts_the_header",
        ),
    ),
    Fault(
        "sizes that lie",
        "refused before anything is allocated",
        (
            "readers/test_edf.py::test_huge_claims_and_huge_sparse_files_allocate_nothing",
            "readers/test_header.py::test_a_record_of_64_mib_is_read_and_one_byte_more_is_not",
            "readers/test_header.py::test_a_duration_gives_a_rate_up_to_a_megahertz",
        ),
    ),
    Fault(
        "a legal file of 3 GiB",
        "read by blocks; memory in [stress](stress.md)",
        (
            _STRESS,
            "readers/test_large.py::test_3_gib_are_checked_at_once_and_read_in_150_mib",
        ),
    ),
    Fault(
        "gaps, lost or damaged lists of annotations, impossible onsets",
        "runs of their own, no filter across; damaged lists refuse the file",
        (
            "readers/test_clock.py::test_each_stretch_without_a_gap_is_a_run",
            "readers/test_edf.py::test_a_damaged_annotation_list_refuses_the_file",
            "test_gaps.py::test_what_lies_in_one_run_changes_nothing_in_another",
            "readers/test_fields.py::test_any_bytes_give_lists_or_none",
        ),
    ),
    Fault(
        "a channel missing, twice, or written otherwise",
        "rows say so, others are measured; never by position",
        (
            "readers/test_signals.py::test_labels_and_muscles_that_repeat_are_said_with_their_places",
            "measures/test_rows.py::test_a_missing_muscle_is_said_in_every_row_of_its_pair",
            "measures/test_rows.py::test_one_muscle_twice_is_no_muscle",
        ),
    ),
    Fault(
        "units: mV, V, nV, any letter µ; none, other quantities",
        "known ones scaled exactly, others refused",
        (
            "readers/test_edf.py::test_units_are_scaled_to_microvolts",
            "readers/test_edf.py::test_an_unknown_unit_refuses_its_signal_only",
            "readers/test_fields.py::test_each_written_voltage_has_its_factor",
            "readers/test_signals.py::test_a_unit_that_is_no_known_voltage_refuses_a_muscle_or_a_heart",
        ),
    ),
    Fault(
        "rates too low or unequal",
        "RATE_TOO_LOW; a pair of unequal rates keeps what can be told; never resampled",
        (
            "readers/test_edf.py::test_signals_of_unequal_rates_keep_their_own",
            "measures/test_plausibility.py::test_a_rate_too_low_is_found_once_with_what_is_needed_unless_the_channel_is_excluded",
            "measures/test_plausibility.py::test_a_rate_that_lowers_the_upper_edge_is_told_with_the_edges",
            "measures/test_rows.py::test_unequal_rates_have_an_overlap_and_no_correlation",
        ),
    ),
    Fault(
        "flat, clipped, dead, mains alone, one signal twice",
        "left out and named, time in percent; IDENTICAL_CHANNELS",
        (
            "batch/test_intake.py::test_one_signal_in_two_channels_reaches_the_tables",
            "measures/test_plausibility.py::test_clipped_and_flat_time_is_told_in_percent",
            "measures/test_plausibility.py::test_a_dead_channel_is_called_dead",
            "measures/test_plausibility.py::test_identical_muscles_are_flagged_and_their_pair_is_refused",
            "measures/test_plausibility.py::test_a_channel_of_mains_alone_is_said_and_flagged",
        ),
    ),
    Fault(
        "one file as two visits, one visit twice",
        "the study refused, both rows named: BYTES_TWICE, FILE_TWICE, RECORDING_TWICE",
        (
            "batch/test_intake.py::test_the_same_bytes_under_two_visits_are_refused_before_the_run_and_both_rows_named",
            "study/test_manifest.py::test_what_cannot_be_used_is_refused_with_its_line",
            "study/test_manifest.py::test_one_name_in_two_spellings_is_refused",
        ),
    ),
    Fault(
        "no permission, pipe, device, folder, dead link; a file that changes",
        "one failed row at once",
        (
            "readers/test_special_files.py::test_a_run_makes_each_of_them_a_row_and_measures_the_good_one",
            "batch/test_intake.py::test_a_file_that_changes_while_it_is_read_is_one_failed_row",
            "test_safety.py::test_a_link_that_changes_after_the_check_is_not_followed",
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
        (
            "reliability/test_full_disks.py::test_a_disk_that_is_full_is_one_line_and_the_rerun_completes",
            "store/test_files.py::test_a_write_that_fails_keeps_the_old_file_and_leaves_no_other",
            "store/test_files.py::test_a_folder_that_cannot_be_made_is_one_coded_line",
            "batch/test_pool.py::test_a_folder_that_cannot_be_written_ends_the_run_and_the_workers",
        ),
    ),
    Fault(
        "SIGKILL, power loss",
        "files appear whole or not at all; a rerun uses what is finished",
        (
            f"{_KILLS}test_a_run_that_is_killed_tears_nothing_and_the_next_one_completes",
            "store/test_files.py::test_a_killed_writer_leaves_a_whole_file",
            "batch/test_workers.py::test_an_interrupted_run_ends_soon_and_the_next_one_goes_on",
        ),
    ),
    Fault(
        "two runs on one output",
        "STORE_LOCKED, or `--wait`",
        (
            "reliability/test_rivals.py::test_of_three_runs_at_once_one_ends_well_and_two_are_refused",
            "store/test_files.py::test_a_second_run_is_refused_cleanly",
            "store/test_files.py::test_a_waiting_run_goes_on_when_the_first_ends",
        ),
    ),
    Fault(
        "a worker or the leader dies",
        "one retry in a fresh process, then WORKER_LOST; workers leave with their leader",
        (
            "batch/test_workers.py::test_a_worker_that_dies_twice_costs_one_row",
            "batch/test_workers.py::test_workers_leave_when_their_leader_is_killed",
            "batch/test_pool.py::test_a_recording_that_takes_too_long_is_tried_twice_and_costs_one_row",
        ),
    ),
    Fault(
        "a Dask worker dies",
        "its recording is tried once more elsewhere, then WORKER_LOST; no other one is blamed",
        (
            "batch/test_cluster.py::test_a_recording_that_ends_its_worker_twice_costs_one_row",
            "batch/test_cluster.py::test_a_scheduler_that_goes_away_is_one_coded_line",
        ),
    ),
    Fault(
        "paths that leave the study",
        "refused unless `--allow-outside`; forged results read and write nothing outside",
        (
            "study/test_manifest.py::test_a_file_outside_the_folder_is_refused",
            "study/test_manifest.py::test_a_link_that_leads_outside_is_refused_unless_allowed",
            "study/test_hostile.py::test_a_hostile_study_ends_with_its_code",
            "study/test_hostile.py::test_a_hostile_results_folder_ends_with_its_code",
            "test_safety.py::test_names_in_forged_results_write_and_read_nothing_outside",
        ),
    ),
    Fault(
        "cells that are formulas",
        "guarded; negative numbers stay numbers; our readers undo it",
        (
            "store/test_files.py::test_text_that_looks_like_a_formula_is_defused_and_numbers_are_not",
            "store/test_files.py::test_a_guard_can_be_undone_and_no_cell_is_a_formula_or_moves_a_cursor",
            "test_escaping.py::test_tables_hold_no_formula_and_no_control_character",
        ),
    ),
    Fault(
        "markup in labels and names",
        "text; pages allow no script",
        (
            "test_escaping.py::test_no_element_of_a_page_is_made_from_data",
            "test_escaping.py::test_a_page_allows_nothing_but_its_own_style_and_pictures",
            "test_safety.py::test_templates_of_pages_let_no_markup_through",
        ),
    ),
    Fault(
        "settings and tables that are bombs, of unknown or doubled keys, of NaN",
        "refused with line and nearest name; sizes are limited",
        (
            "test_settings.py::test_an_unknown_key_is_refused_with_line_and_nearest_name",
            "study/test_hostile.py::test_a_hostile_study_ends_with_its_code",
            "study/test_load.py::test_an_unknown_name_is_refused_with_its_line_and_the_nearest_known_one",
            "test_safety.py::test_records_that_are_none_are_a_coded_line_or_drawn_anew",
        ),
    ),
    Fault("archives", "not opened: NOT_EDF", ("readers/test_header.py::test_what_is_no_edf_is_refused",)),
    Fault(
        "pickles in caches",
        "there are none: hashed `.npy` without pickles, JSON, Parquet",
        (
            "store/test_frames.py::test_any_flipped_byte_is_noticed",
            "test_safety.py::test_nothing_that_is_read_is_ever_run",
            "test_safety.py::test_arrays_are_read_without_pickles",
        ),
    ),
    Fault(
        "a numba cache that is cold or cannot be written",
        "compiled again, the same bytes",
        (
            f"{_ROUND}test_in_other_surroundings_the_bytes_are_the_same",
            "kernels/test_cache.py::test_kernels_compile_where_no_cache_can_be_written_and_leave_nothing",
        ),
    ),
    Fault("the web page", "not built yet", ()),
    Fault(
        "names of people in logs, pages, names, messages",
        "never parsed into anything that is shown, whatever else is wrong with the file",
        (
            "test_privacy.py::test_a_run_with_its_pages_tells_nothing",
            "test_privacy.py::test_what_is_read_and_raised_tells_nothing",
            "test_privacy.py::test_no_cut_and_no_insert_moves_a_name_into_a_finding",
        ),
    ),
    Fault(
        "arms that leak",
        "columns and cells that name an arm are refused before the run; permuted arms change no byte",
        (
            "study/test_manifest.py::test_a_column_that_names_an_arm_is_refused",
            "study/test_manifest.py::test_a_cell_that_names_an_arm_is_refused_and_not_repeated",
            "test_blinding.py::test_arms_beside_the_study_change_no_byte_and_are_seen_nowhere",
            "test_blinding.py::test_permuted_rows_and_columns_change_no_byte",
            "test_blinding.py::test_no_command_opens_arms",
        ),
    ),
    Fault(
        "time zone, locale, line ends, encoding, width",
        "the same bytes",
        (
            f"{_ROUND}test_in_other_surroundings_the_bytes_are_the_same",
            "store/test_files.py::test_tables_are_utf8_with_lf",
            "store/test_files.py::test_the_log_is_chained_and_in_utc",
            "readers/test_signals.py::test_units_may_say_the_same_in_other_letters",
        ),
    ),
    Fault(
        "order of hashes, folders, threads",
        "the same bytes",
        (
            f"{_ROUND}test_without_worker_processes_the_bytes_are_the_same",
            "batch/test_workers.py::test_tables_are_the_same_bytes_with_two_workers",
            "test_blinding.py::test_no_order_of_rows_or_columns_reaches_the_study",
        ),
    ),
    Fault(
        "control characters from files",
        "written out",
        (
            "test_escaping.py::test_check_writes_no_control_character",
            "test_escaping.py::test_every_json_file_is_json_without_control_characters",
        ),
    ),
)


def table() -> str:
    """Section of docs/reliability.md."""
    lines = ["| # | fault | what emgpipe does | held by |", "|---|---|---|---|"]
    for number, (fault, outcome, tests) in enumerate(FAULTS, 1):
        names = "<br>".join(f"`{test.split('::')[1]}`" for test in tests)
        lines.append(f"| {number} | {fault} | {outcome} | {names} |")
    return "\n".join(lines) + "\n"
