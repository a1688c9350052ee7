import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emgpipe.measures.rows import MeasureRow
from emgpipe.reports.tables import all_tables, cell
from emgpipe.reports.words import MEASURES, SHARES, STATUS_WORDS, clock, number, reasons, unit_of, visible


@given(st.floats(1e-3, 1e5), st.sampled_from(["uV", "1", "s", "%", "1/min"]))
def test_a_number_is_rounded_by_less_than_half_its_last_place(value, unit):
    text = number(value, unit)
    places = len(text.partition(".")[2])
    assert abs(float(text) - value) <= 0.5 * 10.0**-places * (1 + 1e-9)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_what_is_no_number_is_a_dash(value):
    assert number(value, "uV") == "–"


def test_a_negative_number_has_a_minus_sign():
    assert number(-0.25, "1") == "−0.250"


@pytest.mark.parametrize("measure", sorted(SHARES))
@given(value=st.floats(0.0, 1.0))
def test_only_what_is_none_or_all_prints_as_0_or_1(measure, value):
    row = MeasureRow("rest", "TA_R", "muscle", measure, value, "1", value, value)
    shown = cell(row)
    assert (shown.text == "0.000") == (value == 0)
    assert (shown.text == "1.000") == (value == 1)
    assert shown.interval == f"{shown.text} to {shown.text}"


@pytest.mark.parametrize(
    ("value", "text"), [(0.9996, ">0.999"), (0.00004, "<0.001"), (0.9994, "0.999"), (0.5, "0.500")]
)
def test_a_share_near_an_end_is_not_rounded_onto_it(value, text):
    assert number(value, unit_of("act_frac", "1")) == text


@given(st.floats(0.0, 1.0), st.integers(0, 1000))
@example(0.2996, 300)
def test_a_correlation_prints_as_its_threshold_only_from_there_on(value, thousandths):
    text = cell(MeasureRow("rest", "A/B", "pair", "xt_r0", value, "1")).text.replace("<0.001", "0.0005")
    threshold = thousandths / 1000
    assert (float(text) >= threshold) == (value >= threshold)


@pytest.mark.parametrize(("value", "text"), [(0.3, "0.300"), (0.2996, "0.299"), (0.29, "0.290"), (1.0, "1.000")])
def test_a_correlation_is_cut_after_its_third_place(value, text):
    assert cell(MeasureRow("rest", "A/B", "pair", "xt_r0", value, "1")).text == text


def test_a_known_code_has_its_meaning_and_an_unknown_one_stays():
    known, unknown = reasons("SHORT;NEW_CODE")
    assert known.meaning.startswith("Usable time is below a minute")
    assert (unknown.code, unknown.meaning) == ("NEW_CODE", "")


@given(st.text(max_size=40))
def test_visible_text_hides_nothing_and_keeps_what_can_be_seen(text):
    shown = visible(text)
    assert shown == visible(shown)
    assert all(char.isprintable() or char == "\n" or char.isspace() for char in shown)
    assert "\u202e" not in shown
    assert visible("TA_R µV 漢") == "TA_R µV 漢"


def test_times_round_to_whole_seconds_and_never_to_sixty():
    assert clock(119.7) == "2 min 00 s"


def test_a_value_below_its_limit_says_the_limit_and_keeps_the_estimate():
    row = MeasureRow("rest", "TA_R", "muscle", "apdf_p10_uv", 0.2, "uV", limit=0.75, status="below_limit")
    assert cell(row).text == "below 0.75 (estimate 0.20)"


def test_rows_without_a_value_share_a_line_only_with_the_same_reason():
    def row(measure, status, reason, value=None):
        return MeasureRow("rest", "TA_R", "muscle", measure, value, "uV", status=status, reason=reason)

    rows = [
        row("rest_rms_uv", "undeterminable", "TOO_SHORT"), row("apdf_p10_uv", "undeterminable", "TOO_SHORT"),
        row("apdf_p50_uv", "undeterminable", "REST_NOT_DECLARED"), row("floor_uv", "ok", "", 1.0),
    ]  # fmt: skip
    (table,) = all_tables(rows)
    assert [line.name for line in table.lines] == ["floor_uv", "apdf_p50_uv", "rest_rms_uv, apdf_p10_uv"]


def test_exploratory_measures_stay_off_the_pages():
    assert all_tables([MeasureRow("rest", "A/B", "pair", "imc_low_z", 1.0, "1")]) == []


def test_no_word_on_the_pages_is_a_verdict_on_a_patient():
    words = " ".join([*STATUS_WORDS.values(), *(m.definition for m in MEASURES.values())]).lower()
    assert not [word for word in ("stiff", "responder", "cmua present", "abnormal") if word in words]
