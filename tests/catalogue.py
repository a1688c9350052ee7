"""The failure catalogue: what goes wrong in the field, what is done about it, and the tests that hold it."""

from typing import NamedTuple


class Fault(NamedTuple):
    """A fault, the behaviour that is right, and tests as `file::function`."""

    fault: str
    behaviour: str
    tests: tuple[str, ...]


HEADER, INTAKE, BATCH = "tests/readers/test_header.py::", "tests/batch/test_intake.py::", "tests/batch/test_run.py::"
MANIFEST, HOSTILE = "tests/study/test_manifest.py::", "tests/study/test_hostile.py::"
PLAUSIBLE, SAFETY, FILES = (
    "tests/measures/test_plausibility.py::",
    "tests/test_safety.py::",
    "tests/store/test_files.py::",
)

CATALOGUE: dict[int, Fault] = {
    1: Fault("cut in the header, empty, or no EDF", "refused, first bytes told", (
        HEADER + "test_what_is_no_edf_is_refused", HEADER + "test_every_cut_of_a_file_is_told")),
    2: Fault("cut in the data, bytes left over, wrong number of records", "whole records are used, told", (
        HEADER + "test_the_number_of_records_is_that_of_the_file_or_refused",
        HEADER + "test_a_number_of_records_in_doubt_is_never_used_without_a_word",
        INTAKE + "test_strict_turns_a_warning_of_the_reader_into_a_failed_row")),
    3: Fault("a number that is none (`nan`, `1_000`, `1,5`)", "refused", (
        HEADER + "test_a_limit_that_is_no_number_refuses_its_signal_only",
        HEADER + "test_samples_per_record_that_are_none_refuse_the_file",
        "tests/readers/test_fields.py::test_what_is_read_as_a_number_is_one_and_finite")),
    4: Fault("digital or physical limits without meaning", "the signal is refused, others are read", (
        "tests/readers/test_signals.py::test_a_scale_without_meaning_refuses_its_signal_only",
        "tests/readers/test_signals.py::test_a_broken_signal_stops_no_other")),
    5: Fault("physical minimum above maximum", "read with the sign it means, told", (
        "tests/readers/test_signals.py::test_an_inverted_range_gives_samples_of_the_other_sign",)),
    6: Fault("impossible number of signals or length of header", "refused, or told where it is unambiguous", (
        HEADER + "test_a_header_without_meaning_refuses_the_file",
        HEADER + "test_signals_are_not_looked_at_where_their_number_contradicts_the_header")),
    7: Fault("sizes that lie", "refused before anything is allocated", (
        HEADER + "test_a_record_of_64_mib_is_read_and_one_byte_more_is_not",
        HEADER + "test_a_duration_gives_a_rate_up_to_a_megahertz")),
    8: Fault("a legal file of 3 GiB", "read by blocks in 150 MiB", (
        "tests/readers/test_large.py::test_3_gib_are_checked_at_once_and_read_in_150_mib",)),
    9: Fault("gaps, lost or damaged lists of annotations", "split at gaps, no filter across, told", (
        "tests/readers/test_clock.py::test_each_stretch_without_a_gap_is_a_run",
        "tests/test_gaps.py::test_what_lies_in_one_run_changes_nothing_in_another",
        "tests/readers/test_fields.py::test_any_bytes_give_lists_or_none")),
    10: Fault("a channel is missing, twice, or written otherwise", "its pair has a code, others are computed", (
        "tests/measures/test_rows.py::test_a_missing_muscle_is_said_in_every_row_of_its_pair",
        "tests/measures/test_rows.py::test_one_muscle_twice_is_no_muscle")),
    11: Fault("mV, V, nV, any letter µ; no unit, other quantities", "scaled to µV exactly; refused", (
        "tests/readers/test_fields.py::test_each_written_voltage_has_its_factor",
        "tests/readers/test_signals.py::test_a_unit_that_is_no_known_voltage_refuses_a_muscle_or_a_heart")),
    12: Fault("a rate too low for the band; unequal rates in a pair", "undeterminable with a code; never resampled", (
        PLAUSIBLE + "test_a_rate_too_low_is_found_once_with_what_is_needed_unless_the_channel_is_excluded",
        PLAUSIBLE + "test_a_rate_that_lowers_the_upper_edge_is_told_with_the_edges",
        "tests/measures/test_rows.py::test_unequal_rates_have_an_overlap_and_no_correlation")),
    13: Fault("flat, clipped, dead, mains alone, one signal twice", "told in percent, no wrong number", (
        PLAUSIBLE + "test_clipped_and_flat_time_is_told_in_percent", PLAUSIBLE + "test_a_dead_channel_is_called_dead",
        PLAUSIBLE + "test_identical_muscles_are_flagged_and_their_pair_is_refused",
        PLAUSIBLE + "test_a_channel_of_mains_alone_is_said_and_flagged")),
    14: Fault("one visit twice, one file for two patients", "refused before the run, both rows named", (
        INTAKE + "test_the_same_bytes_under_two_visits_are_refused_before_the_run_and_both_rows_named",
        MANIFEST + "test_what_cannot_be_used_is_refused_with_its_line",
        MANIFEST + "test_one_name_in_two_spellings_is_refused")),
    15: Fault("no permission, pipe, device, folder, links nowhere, a file that changes", "a failed row, no hang", (
        "tests/readers/test_special_files.py::test_a_run_makes_each_of_them_a_row_and_measures_the_good_one",
        INTAKE + "test_a_file_that_changes_while_it_is_read_is_one_failed_row",
        SAFETY + "test_a_link_that_changes_after_the_check_is_not_followed")),
    16: Fault("read-only input", "works, nothing is written beside it", (
        "tests/readers/test_special_files.py::test_nothing_is_written_beside_an_input_and_a_read_only_folder_works",)),
    17: Fault("disk full, read-only output", "one coded line with the reason, old files stay, a rerun completes", (
        FILES + "test_a_write_that_fails_keeps_the_old_file_and_leaves_no_other",
        FILES + "test_a_folder_that_cannot_be_made_is_one_coded_line",
        "tests/batch/test_pool.py::test_a_folder_that_cannot_be_written_ends_the_run_and_the_workers")),
    18: Fault("a kill, a power failure", "whole files only, a rerun goes on", (
        FILES + "test_a_killed_writer_leaves_a_whole_file",
        "tests/batch/test_workers.py::test_an_interrupted_run_ends_soon_and_the_next_one_goes_on")),
    19: Fault("two runs on one output", "the second refuses or waits", (
        FILES + "test_a_second_run_is_refused_cleanly", FILES + "test_a_waiting_run_goes_on_when_the_first_ends")),
    20: Fault("a worker or the leader dies", "tried once more, then WORKER_LOST; workers end with the leader", (
        "tests/batch/test_workers.py::test_a_worker_that_dies_twice_costs_one_row",
        "tests/batch/test_pool.py::test_a_recording_that_takes_too_long_is_tried_twice_and_costs_one_row")),
    21: Fault("a worker of a cluster is lost", "one row, neighbours are not blamed", (
        "tests/batch/test_cluster.py::test_a_recording_that_ends_its_worker_twice_costs_one_row",
        "tests/batch/test_cluster.py::test_a_scheduler_that_goes_away_is_one_coded_line")),
    22: Fault("paths of a study that lead out of it", "refused, nothing outside is read or written", (
        HOSTILE + "test_a_hostile_study_ends_with_its_code",
        HOSTILE + "test_a_hostile_results_folder_ends_with_its_code",
        SAFETY + "test_names_in_forged_results_write_and_read_nothing_outside")),
    23: Fault("cells that a spreadsheet takes for formulas", "guarded, numbers stay numbers, undone by our readers", (
        FILES + "test_text_that_looks_like_a_formula_is_defused_and_numbers_are_not",
        FILES + "test_a_guard_can_be_undone_and_no_cell_is_a_formula_or_moves_a_cursor",
        "tests/test_escaping.py::test_tables_hold_no_formula_and_no_control_character")),
    24: Fault("markup in labels, names and marks", "text on every page, no script", (
        "tests/test_escaping.py::test_no_element_of_a_page_is_made_from_data",
        "tests/test_escaping.py::test_a_page_allows_nothing_but_its_own_style_and_pictures",
        SAFETY + "test_templates_of_pages_let_no_markup_through")),
    25: Fault("settings that are bombs, unknown or doubled keys, nan", "refused; size and depth are limited", (
        "tests/study/test_load.py::test_an_unknown_name_is_refused_with_its_line_and_the_nearest_known_one",
        HOSTILE + "test_a_hostile_study_ends_with_its_code",
        SAFETY + "test_records_that_are_none_are_a_coded_line_or_drawn_anew")),
    26: Fault("archives", "no EDF: refused", (HEADER + "test_what_is_no_edf_is_refused",)),
    27: Fault("pickles in caches", "none: npy without pickles, JSON, Parquet", (
        SAFETY + "test_nothing_that_is_read_is_ever_run", SAFETY + "test_arrays_are_read_without_pickles")),
    28: Fault("a cache of compiled code that is unwritable or spoilt", "a place of the user's own, or none", (
        "tests/kernels/test_cache.py::test_kernels_compile_where_no_cache_can_be_written_and_leave_nothing",)),
    29: Fault("a web page open to others", "there is no server yet", ()),
    30: Fault("names of people in headers", "never shown, whatever else is wrong with the file", (
        "tests/test_privacy.py::test_a_run_with_its_pages_tells_nothing",
        "tests/test_privacy.py::test_no_cut_and_no_insert_moves_a_name_into_a_finding")),
    31: Fault("arms leak", "columns and cells that name one are refused; permuted arms change no byte", (
        "tests/test_blinding.py::test_arms_beside_the_study_change_no_byte_and_are_seen_nowhere",
        "tests/test_blinding.py::test_permuted_rows_and_columns_change_no_byte",
        "tests/test_blinding.py::test_no_command_opens_arms", MANIFEST + "test_a_column_that_names_an_arm_is_refused",
        MANIFEST + "test_a_cell_that_names_an_arm_is_refused_and_not_repeated")),
    32: Fault("time zone, locale, line ends, encodings", "UTC, full stops, LF, UTF-8; a byte order mark is taken off", (
        FILES + "test_tables_are_utf8_with_lf", FILES + "test_the_log_is_chained_and_in_utc",
        "tests/readers/test_signals.py::test_units_may_say_the_same_in_other_letters")),
    33: Fault("order of hashes, folders and threads", "inputs and tables in the order of their keys", (
        "tests/batch/test_workers.py::test_tables_are_the_same_bytes_with_two_workers",
        "tests/test_blinding.py::test_no_order_of_rows_or_columns_reaches_the_study")),
    34: Fault("control characters in names and labels", "written out wherever they are shown", (
        "tests/test_escaping.py::test_check_writes_no_control_character",
        "tests/test_escaping.py::test_every_json_file_is_json_without_control_characters")),
}  # fmt: skip
"""By its number in the survey that this package was planned on."""
