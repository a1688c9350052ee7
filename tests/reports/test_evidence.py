"""What the numbers rest on: time left out, crosstalk, sides, phases, conditions and the way to them."""

import re
from dataclasses import replace
from functools import partial

import pytest

from emgpipe.measures.grade import LETTERS
from emgpipe.measures.rows import IntervalRow, MeasureRow
from emgpipe.measures.views import Segment
from emgpipe.reports import Measured, RecordingReport, VisitReport, visit_page
from emgpipe.reports.evidence import Channel, crosstalk, exclusions, grade_lines
from emgpipe.reports.header import IN_ONE_LINE, common, in_one_line, own
from emgpipe.reports.sides import phases, sides
from emgpipe.reports.words import reasons
from emgpipe.study.columns import CONDITIONS
from tests.reports.test_pages import Page

REST = Segment("rest", "rest", 0.0, 60.0)


def level(target, value, measure="apdf_p10_uv", segment="rest", **told):
    return MeasureRow(segment, target, "muscle", measure, value, "uV", **told)


def shared(r0, overlap=4.0, left=1.0, reason="", status="ok"):
    rows = [("xt_r0", r0, "1"), ("cc_overlap_uv", overlap, "uV"), ("cc_overlap_xt_uv", left, "uV")]
    made = [
        MeasureRow("rest", "A/B", "pair", name, value, unit, status=status, reason=reason) for name, value, unit in rows
    ]
    (found,) = crosstalk(Measured(tuple(made)), REST)
    return found


def left_out(result, *stretches):
    rows = [IntervalRow(name, "excluded", start, stop, reason=why) for name, start, stop, why in stretches]
    return exclusions(replace(result, intervals=tuple(rows)))


def by_reason(one):
    return [("+".join(why.code for why in reasons), time) for reasons, time in one.by_reason]


def test_time_is_left_out_by_reason_with_seconds_the_longest_first(result):
    stretches = [("TA_R", 0.0, 3.0, "STEP"), ("TA_R", 10.0, 14.0, "MOVEMENT"), ("TA_R", 20.0, 21.5, "STEP")]
    (one,) = left_out(result, *stretches)
    assert (one.name, one.time) == ("TA_R", "8.5 s")
    assert by_reason(one) == [("STEP", "4.5 s"), ("MOVEMENT", "4.0 s")]


def test_a_stretch_of_several_reasons_is_told_once_with_all_of_them(result):
    """Of a dead lead with a gap of 0.1 s in it nobody can tell that the gap lasts as long as the lead is dead."""
    (one,) = left_out(result, ("TA_R", 0.0, 130.0, "GAP;FLAT"), ("TA_R", 140.0, 141.0, "GAP"))
    assert by_reason(one) == [("GAP+FLAT", "2 min 10 s"), ("GAP", "1.0 s")]


def test_muscles_that_lost_the_same_share_a_line(result):
    lost = [(name, 10.0, 14.0, "BAD") for name in ("TA_R", "PSP_L")]
    assert [one.name for one in left_out(result, *lost, ("GM_R", 10.0, 15.0, "BAD"))] == ["TA_R, PSP_L", "GM_R"]


def test_time_at_beats_is_told_in_words_without_a_code(result):
    (one,) = left_out(result, ("TA_R", 0.0, 3.0, "QRS"))
    assert one.by_reason[0] == ((("", "Time at heart beats is left out."),), "3.0 s")


def test_shared_signal_is_said_to_be_possible_crosstalk_with_what_is_left():
    words = shared(0.5, reason="CROSSTALK_POSSIBLE", status="flagged").words
    assert words.startswith("Both muscles share signal without delay")
    assert "1.00 µV is left of 4.00 µV" in words


def test_what_is_left_below_its_limit_is_not_told_as_a_number():
    of_pair = partial(MeasureRow, "rest", "A/B", "pair")
    rows = (
        of_pair("xt_r0", 0.9, "1", status="flagged", reason="CROSSTALK_POSSIBLE"), of_pair("cc_overlap_uv", 4.0, "uV"),
        of_pair("cc_overlap_xt_uv", 0.03, "uV", limit=1.75, status="below_limit"),
    )  # fmt: skip
    (found,) = crosstalk(Measured(rows), REST)
    assert "less than its limit of 1.75 µV is left of 4.00 µV" in found.words


def test_no_crosstalk_is_never_claimed():
    assert shared(0.1).words == "No crosstalk shown."


def test_a_correlation_that_cannot_be_told_says_so():
    assert shared(None, None, None, "UNEQUAL_RATES", "not_measured").words == "Cannot be told."


def two_sided(**told):
    rows = [level("TA_L", 4.0, low=3.0, high=5.0), level("TA_R", 2.0), level("GM_R", 1.0), level("RF", 1.0)]
    results = [Measured(tuple(rows), segments=(REST,))] * 2
    recordings = tuple(RecordingReport(f"S1_V1_{t}", t, "a.edf", "", r) for t, r in zip("ab", results, strict=True))
    return VisitReport("D", "S1", "V1", recordings, "", "", "0", **told)


def test_a_muscle_of_two_sides_has_a_line_a_recording_and_the_ratio_of_its_task():
    ratios = [MeasureRow("rest", "TA", "subject", "lr_ln_ratio", value, "1") for value in (0.25, 0.75)]
    lines = sides(two_sided(subject_rows=tuple(ratios), subject_tasks=("a", "b")))
    assert [(one.muscle, one.recording, one.left.text, one.right.text) for one in lines] == [
        ("TA", "S1_V1_a", "4.00", "2.00"), ("TA", "S1_V1_b", "4.00", "2.00"),
    ]  # fmt: skip
    assert [one.ratio.text for one in lines] == ["0.250", "0.750"]
    assert (lines[0].left.interval, lines[0].words) == ("3.00 to 5.00", "tibialis anterior")


def test_a_ratio_of_rests_never_stands_beside_levels_of_another_segment():
    ratio = MeasureRow("rest", "TA", "subject", "lr_ln_ratio", 0.25, "1")
    visit = two_sided(subject_rows=(ratio,), subject_tasks=("a",))
    for name, kind, shown in (("rest", "rest", "0.250"), ("whole", "whole", "–")):
        one = visit.recordings[0]
        rows = tuple(replace(row, segment=name) for row in one.result.rows)
        whole = replace(one.result, rows=rows, segments=(Segment(name, kind, 0.0, 60.0),))
        (line,) = sides(replace(visit, recordings=(replace(one, result=whole),)))
        assert line.ratio.text == shown


def test_a_ratio_that_the_visit_does_not_have_is_not_measured():
    assert {one.ratio.status for one in sides(two_sided())} == {"not_measured"}


def test_rest_stands_beside_what_cues_leave():
    rows = (
        level("TA_R", 3.0, "rest_rms_uv"), level("TA_R", 1.5, "relax_resid_uv", "relax_cue"),
        level("GM_R", None, "relax_resid_uv", "relax_cue", status="undeterminable", reason="TOO_SHORT"),
    )  # fmt: skip
    table = phases(Measured(rows, segments=(REST,), cues=(Segment("relax_cue", "relax_cue", 70.0, 75.0),)))
    assert [head.words for head in table.headings] == ["rest: Median level", "relax_cue: Level left"]
    assert [[cell.text for cell in line.cells] for line in table.lines] == [["3.00", "1.50"], ["–", "–"]]
    assert table.lines[1].cells[1].word == "undeterminable"


def test_without_cues_there_are_no_phases(result):
    assert phases(result) is None


def test_every_condition_but_the_operator_has_words():
    assert set(IN_ONE_LINE) == set(CONDITIONS) - {"operator"}
    assert all(words.count("{}") == 1 for words in IN_ONE_LINE.values())


def test_only_what_was_recorded_is_in_the_line_and_no_person():
    assert in_one_line({"day": "56", "posture": "", "operator": "xy", "skin_temp_c": "31.5"}) == [
        "day 56",
        "skin 31.5 °C",
    ]


def test_conditions_of_all_recordings_stand_above_those_of_one_beside_it(report):
    one, other = (replace(report, conditions={"day": "56", "posture": p}) for p in ("supine", "sitting"))
    assert common([one, other]) == {"day": "56"}
    assert own(other, common([one, other])) == {"posture": "sitting"}
    assert common([]) == {}


@pytest.fixture(scope="module")
def page(report, bad_report, failed_report):
    visit = VisitReport("D", "S1", "V1", (report, bad_report, failed_report), "", "", "0")
    return visit_page(visit)


def test_every_link_within_the_page_leads_somewhere(page):
    ids = [attributes["id"] for _, attributes in Page(page).elements if "id" in attributes]
    links = {a["href"][1:] for a in Page(page).all("a") if a["href"].startswith("#")}
    assert len(ids) == len(set(ids))
    assert links <= set(ids)
    assert any(link.startswith("grade-") for link in links)
    assert any(link.startswith("why-") for link in links)


def test_every_graded_muscle_has_a_chip_that_leads_to_its_row(page, report, bad_report):
    chips = re.findall(r'class="chip ([A-D])" href="#((?:grade|untraced)-\d+(?:-\d+)?)"', page)
    graded = [one.letter for r in (report, bad_report) for one in r.result.grades.values()]
    assert sorted(letter for letter, _ in chips) == sorted(graded)
    for letter, place in chips:
        row = re.search(rf'id="{place}">.*?</(?:tr|div)>', page, re.DOTALL).group()
        assert row.count("<tr") <= 1
        assert f"<strong>{letter}</strong>" in row or f"grade {letter}" in row


def test_muscles_of_one_grade_and_the_same_reasons_share_a_line():
    def channel(name, grade="A", codes=""):
        return Channel(name, f"words of {name}", grade, LETTERS[grade], "", "", "", "", "", (), reasons(codes))

    seen = [channel("TA_R"), channel("GM_R", "B", "GAP"), channel("RF_R"), channel("BF_R", "B", "STEP")]
    lines = grade_lines(seen)
    assert [(one.grade, [name for _, name in one.muscles]) for one in lines] == [
        ("A", ["TA_R", "RF_R"]), ("B", ["GM_R"]), ("B", ["BF_R"]),
    ]  # fmt: skip
    assert [place for one in lines for place, _ in one.muscles] == [0, 2, 1, 3]
    assert lines[0].muscle_words == "words of TA_R, words of RF_R"


def test_the_page_tells_the_sentence_then_findings_then_picture_then_numbers(page):
    text = Page(page).text
    bad = text[text.index("S1_V1_bad", text.index("Main numbers")) :]
    places = [bad.index(words) for words in ("At rest over", "▲ warning", "Traces, levels and states", "Main numbers")]
    assert places == sorted(places)


def test_directions_are_those_of_the_registry(page):
    rows = [" ".join(row.split()) for row in Page(page).rows]
    (muscles,) = {row for row in rows if row.startswith("Muscle Static level")}
    assert muscles.count("↑ higher = more activity") == 5
    assert muscles.count("↓ lower = more activity") == 1
    (pairs,) = {row for row in rows if row.startswith("Pair Overlap")}
    assert "coact_excess no direction" in pairs
