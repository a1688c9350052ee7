"""The sentence of a recording: every number is one of the rows, and nothing in doubt is left out."""

import inspect
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors.codes import CODES
from emgpipe.errors.codes_tuning import TUNING_CODES
from emgpipe.frames.model import REASON_BITS
from emgpipe.measures.grade import RULES
from emgpipe.measures.rows import NOTES, VALUED, MeasureRow
from emgpipe.measures.views import Segment
from emgpipe.readers import signals
from emgpipe.reports import Measured
from emgpipe.reports.sentence import DOUBTS, PHRASES, percent, sentence

REST = Segment("rest", "rest", 0.0, 90.0)
TARGETS = {"muscle": ("TA_R", "GM_R", "PSP_L"), "pair": ("TA_R/GM_R", "PSP_L/RA_L", "RF_R/BF_R", "BIC_L/TRI_L")}
MEASURES = {"muscle": {"apdf_p10_uv": "uV", "rest_rms_uv": "uV", "act_frac": "1"}, "pair": {"coact_frac": "1"}}


def row(target, measure, value=None, low=None, high=None, **told):
    kind = "pair" if "/" in target else "subject" if target == "subject" else "muscle"
    unit = "uV" if measure.endswith("_uv") else "1"
    return MeasureRow("rest", target, kind, measure, value, unit, low, high, **told)


def of(*rows, segment=REST):
    return sentence(Measured(tuple(rows), segments=(segment,)))


@st.composite
def any_rows(draw):
    """Rows of muscles and pairs: with values and intervals, below a limit, or withheld with a reason."""
    rows = []
    for kind, targets in TARGETS.items():
        for target in draw(st.lists(st.sampled_from(targets), unique=True)):
            for measure, unit in MEASURES[kind].items():
                statuses = ["ok", "flagged", "undeterminable", "not_measured", "failed"]
                status = draw(st.sampled_from(statuses + ["below_limit"] * (unit == "uV")))
                most = 1.0 if unit == "1" else 500.0
                value, low, high = sorted(draw(st.tuples(*[st.floats(0.0, most)] * 3)))
                told = {"reason": "SHORT"} if status not in ("ok", "below_limit") else {}
                if status in VALUED:
                    ends = (low, high) if draw(st.booleans()) else (None, None)
                    told |= {"limit": most, "floor_uv": draw(st.floats(0.3, 5.0))}
                    rows.append(row(target, measure, value, *ends, status=status, **told))
                else:
                    rows.append(row(target, measure, status=status, **told))
    return rows


def numbers(text):
    """Numbers of the sentence with their places; the length of the segment and names of measures left out."""
    said = text.partition(": ")[2].replace("(P10)", "")
    return [(float(n), len(n.partition(".")[2]), mark) for mark, n in re.findall(r"([<>]?)(\d+(?:\.\d+)?)", said)]


@given(any_rows())
@settings(max_examples=150, deadline=None)
def test_a_number_is_one_of_the_rows(rows):
    told = [r for r in rows if r.status != "below_limit"]
    known = [r.limit for r in rows] + [v for r in told for v in (r.value, r.low, r.high, r.floor_uv)]
    known = [v for v in known if v is not None]
    known += [100 * v for v in known]
    for value, places, mark in numbers(of(*rows)):
        reach = (1.0 if mark else 0.5) * 10.0**-places * (1 + 1e-9)
        assert any(abs(value - v) <= reach for v in known), value


@given(any_rows())
@settings(max_examples=150, deadline=None)
def test_what_is_in_doubt_or_withheld_is_named_with_its_word(rows):
    text = of(*rows)
    # a median level stands in only where no muscle has a static level
    static = any(r.measure == "apdf_p10_uv" and r.status in VALUED for r in rows)
    for r in rows:
        if r.measure == "rest_rms_uv" and (static or r.status not in VALUED):
            continue
        word = {"below_limit": "below its limit in", **{s: f"{w}:" for s, w in DOUBTS.items()}}.get(r.status)
        if word:
            clauses = [clause for clause in text.removesuffix(".").split("; ") if word in clause]
            assert any(r.target in clause for clause in clauses), (r, text)


@given(any_rows())
@settings(max_examples=60, deadline=None)
def test_what_has_no_value_never_becomes_a_number(rows):
    withheld = [row(r.target, r.measure, status="undeterminable", reason="NO_USABLE_SIGNAL") for r in rows]
    text = of(*withheld)
    assert "nothing can be told" in text
    assert numbers(text) == []


def test_the_lowest_and_the_highest_are_told_with_their_intervals():
    rows = [row("RA_L", "apdf_p10_uv", 1.53, 1.36, 1.66, floor_uv=1.2), row("TA_R", "apdf_p10_uv", 2.0, 1.9, 2.1),
            row("PSP_L", "apdf_p10_uv", 3.28, 3.05, 3.42, floor_uv=1.7)]  # fmt: skip
    assert of(*rows) == (
        "At rest over 1 min 30 s: static level (P10) from 1.53 µV (RA_L, 1.36 to 1.66) to 3.28 µV (PSP_L, 3.05 to 3.42)"
        " over noise floors of 1.20 to 1.70 µV."
    )


def test_a_missing_interval_is_said():
    assert "active for 100 % of the time (TA_R, no interval)" in of(row("TA_R", "act_frac", 1.0))


def test_muscles_that_print_alike_are_named_together_with_the_widest_interval():
    rows = [row("TA_R", "act_frac", 0.9991, 0.98, 0.9999), row("GM_R", "act_frac", 0.9992, 0.97, 0.9995)]
    assert "active for 99.9 % of the time (TA_R, GM_R, 97 to >99.9)" in of(*rows)


def test_few_pairs_are_named_and_of_many_the_least_and_the_most():
    pairs = [
        row(pair, "coact_frac", share, share / 2, 1.0)
        for pair, share in zip(TARGETS["pair"], (0.4, 0.1, 0.9, 0.5), strict=True)
    ]
    assert "TA_R and GM_R active together for 40 % (20 to 100); PSP_L and RA_L" in of(*pairs[:3])
    many = (
        "muscles of a pair active together for 10 % (PSP_L/RA_L, 5 to 100) to 90 % (RF_R/BF_R, 45 to 100) of the time"
    )
    assert many in of(*pairs)


def test_the_median_level_stands_in_where_no_static_level_is_given():
    rows = [row("TA_R", "apdf_p10_uv", status="undeterminable", reason="TOO_SHORT"), row("TA_R", "rest_rms_uv", 4.0)]
    text = of(*rows)
    assert "median level 4.00 µV (TA_R, no interval)" in text
    assert "undeterminable: static level (P10) of TA_R (too little usable time)" in text


def test_below_its_limit_the_limit_is_told_and_never_the_estimate():
    text = of(row("TA_R", "apdf_p10_uv", 0.33, status="below_limit", limit=0.63))
    assert text.endswith(": static level (P10) below its limit in TA_R (limit 0.63 µV).")


def test_time_that_is_not_usable_is_said():
    assert "over 1 min 30 s (of which 40.0 s usable in TA_R)" in of(row("TA_R", "act_frac", 0.5, used_s=40.0))
    assert "of which" not in of(row("TA_R", "act_frac", 0.5, used_s=88.0))


def test_generalised_spasms_are_counted_where_there_are_any():
    assert "2 generalised spasms" in of(row("subject", "spasm_generalised_n", 2.0))
    assert "spasm" not in of(row("subject", "spasm_generalised_n", 0.0))


def test_no_generalised_spasm_is_told_with_what_may_hide_one():
    flagged = row("subject", "spasm_generalised_n", 0.0, status="flagged", reason="POSSIBLE_SPASMS;LOWER_BOUND")
    said = "0 generalised spasms; flagged: generalised spasms (excluded time may hide spasms, a lower bound)."
    assert said in of(flagged)


@pytest.mark.parametrize(("status", "word"), [(s, w) for s, w in DOUBTS.items() if s != "flagged"])
def test_generalised_spasms_that_cannot_be_told_give_their_reason_and_no_number(status, word):
    text = of(row("subject", "spasm_generalised_n", status=status, reason="TOO_SHORT"))
    assert text.endswith(f"nothing can be told; {word}: generalised spasms (too little usable time).")


def test_the_subject_is_never_named_as_if_it_were_a_muscle():
    rows = [
        row("TA_R", "act_frac", 0.5, status="flagged", reason="GAP", used_s=50.0),
        row("subject", "spasm_generalised_n", 2.0, status="flagged", reason="GAP", used_s=40.0),
    ]
    text = of(*rows)
    assert "flagged: TA_R, generalised spasms (gaps)" in text
    assert "of which 50.0 s usable in TA_R" in text
    assert "subject" not in text


def test_a_mark_made_by_people_is_said_to_be_one():
    text = of(row("TA_R", "act_frac", 0.5, status="flagged", reason="BAD"))
    assert "flagged: TA_R (marked by people)" in text


@pytest.mark.parametrize(
    ("kind", "words"),
    [("whole", "In the whole recording over"), ("mvc", "In segment mvc over"), ("rest", "At rest over")],
)
def test_the_segment_is_named(kind, words):
    one = MeasureRow(kind, "TA_R", "muscle", "apdf_p10_uv", 1.0, "uV")
    assert of(one, segment=Segment(kind, kind, 0.0, 30.0)).startswith(words)


def test_without_a_segment_nothing_is_told():
    assert sentence(Measured()) == "No segment was measured: nothing is told."


@given(st.floats(0.0, 1.0))
def test_only_what_is_none_or_all_prints_as_0_or_100_percent(share):
    assert (percent(share) == "0") == (share == 0)
    assert (percent(share) == "100") == (share == 1)


CHANNEL_CODES = {
    "HEADER_NUMBER", "UNIT_UNKNOWN", "UNIT_CONFLICT", "NOT_A_VOLTAGE", "DIGITAL_RANGE", "SCALE_DEGENERATE",
    "MUSCLE_DUPLICATE",
}  # fmt: skip
"""Why a channel is not measured at all: errors of a file, findings of a recording, and the reason of all its rows."""


TRIAL_CODES = {
    "PLAN_ABSENT", "VISIT_UNPLANNED", "VISIT_OUT_OF_WINDOW", "VISIT_TWICE", "VISIT_OTHER", "VISIT_MISSING",
    "SUBJECT_EXCLUDED", "INTERCURRENT", "BELOW_LIMIT_OUT", "VALUE_MISSING", "PARAMETER_ABSENT", "PERIOD_MISSING",
    "ARM_MISSING", "RESULTS_MISSING", "CONFIDENCE_UNKNOWN", "LIMIT_TAKEN", "LOG_UNDEFINED", "TARGET_LEFT_OUT",
    "TARGETS_FEW",
}  # fmt: skip
"""Of outcome tables and analyses of a trial: no row of a visit page carries them."""


def test_every_code_that_a_row_can_carry_has_words():
    reasons = {code for code, one in CODES.items() if one.kind == "reason"} - TRIAL_CODES - set(TUNING_CODES)
    assert {*reasons, *CHANNEL_CODES, *RULES, *REASON_BITS, "LOW_PASS", "BAND_NARROWED"} - NOTES - set(PHRASES) == set()


def test_the_codes_that_refuse_a_signal_are_those_of_the_reader():
    told = re.findall(r'(?:found\.error\(\s*|return )"([A-Z_]+)"', inspect.getsource(signals))
    assert set(told) == CHANNEL_CODES - {"MUSCLE_DUPLICATE"}


def test_phrases_are_for_codes_that_exist_and_hold_no_number():
    assert set(PHRASES) <= set(CODES)
    assert not [phrase for phrase in PHRASES.values() if re.search(r"\d|[;:()]", phrase)]
