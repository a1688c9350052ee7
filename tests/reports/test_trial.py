"""The page of a trial: what it says, what it never says, what it holds when there is little to hold."""

import re
from dataclasses import replace

import numpy as np
import pytest

from emgpipe.reports.trial import DOUBTS, MOST_ROWS, trial_page, write_trial_page
from emgpipe.reports.words import CAVEATS, SIMULATED
from emgpipe.store.lock import LOCK_NAME
from tests.reports.parsed import Parsed
from tests.reports.test_structure import VERDICTS
from tests.reports.trials import LINES, arms, endpoint, hostile_trial, line, period_values, trial, without


@pytest.fixture(scope="module")
def page():
    return Parsed(trial_page(trial()))


def text(analysis):
    return " ".join(Parsed(trial_page(analysis)).text.split())


def rows(page):
    return [element for element in page.elements if element.tag == "tr"]


def test_the_headline_stands_in_one_sentence_with_interval_p_and_subjects(page):
    said = "Rigidity index (log): A over B 0.71 (95 % interval 0.58 to 0.87), p = 0.0012; 7 subjects (4 AB, 3 BA)."
    assert said in page.text


def test_a_difference_is_told_with_its_unit_and_the_order_of_treatments():
    said = text(trial(endpoints=(endpoint(unit="uV", log=False),), treatments=("F", "S")))
    assert "F minus S −0.34 µV (95 % interval −0.54 to −0.14)" in said
    assert "each ratio F over S" in said


def test_a_headline_without_an_answer_says_why_and_the_page_is_whole():
    lines = (without("headline", "SEQUENCE_EMPTY", "headline"), *LINES[1:])
    said = text(trial(endpoints=(endpoint(lines=lines),)))
    assert "no estimate of A over B" in said
    assert "SEQUENCE_EMPTY" in said
    assert all(doubt in said for doubt in DOUBTS)


def test_every_line_of_every_endpoint_stands_in_a_table(page):
    for one in trial().endpoints:
        for each in one.lines:
            assert each.words in page.text, (one.name, each.name)
    assert "overstates where a treatment lasts" in page.text


def test_a_line_without_an_answer_has_its_code_and_no_number(page):
    words = " ".join(page.text.split())
    assert re.search(r"mixed in words [A-Z][^<]*? SEQUENCE_EMPTY – – – – – 4 \+ 0", words)


def test_secondary_endpoints_have_the_adjusted_p(page):
    assert re.search(r"Static level \(P10\) of TA_R\s+−0.34 \(−0.54 to −0.14\)\s+0.030\s+0.090\s+4 \+ 3", page.text)


def test_what_is_undeterminable_is_told_by_treatment(page):
    assert re.search(r"Rigidity index \(log\)\s+B\s+1\s+12\s+3\s+2\s+1", page.text)


def test_who_is_left_out_is_named_once_with_the_reason(page):
    assert page.text.count("no visit of period 2") == 1
    assert "S99" in page.text


def test_a_post_hoc_analysis_says_so_before_anything_else():
    analysis = trial(post_hoc=("settings.toml is not the one that was locked.",))
    said = text(analysis)
    assert said.index("Post-hoc") < said.index("A over B")
    assert "settings.toml is not the one that was locked." in said
    assert "Post-hoc" not in text(trial())


def test_the_page_says_what_it_does_not_prove_and_that_nobody_was_recorded(page):
    words = " ".join(page.text.split())
    assert all(doubt in words for doubt in (*DOUBTS, *CAVEATS, SIMULATED))
    assert SIMULATED not in text(trial(simulated=False))


def test_no_word_judges_a_patient_or_a_treatment(page):
    judged = (*VERDICTS, "effective", "works", "improved", "improvement", "significant", "superior", "efficacy")
    assert [word for word in judged if re.search(rf"\b{word}\b", page.text, re.IGNORECASE)] == []


def test_pictures_tell_their_numbers_in_words(page):
    alts = [image.attributes["alt"] for image in page.all("img")]
    assert all(len(alt) > 20 for alt in alts)
    assert "headline in words: 0.71 (0.58 to 0.87)" in alts[0]
    assert "mixed in words: SEQUENCE_EMPTY" in alts[0]
    assert any("7 with both periods" in alt for alt in alts)


def test_many_sensitivities_are_drawn_in_pictures_that_fit_a_page_and_subjects_apart():
    def n_pictures(*sensitivities):
        return len(Parsed(trial_page(trial(sensitivities=sensitivities))).all("img"))

    many = [line(f"without_{i}", "sensitivity") for i in range(MOST_ROWS + 1)]
    none = n_pictures()
    assert n_pictures(*many[:-1]) == none + 1
    assert n_pictures(*many) == none + 2
    assert n_pictures(line("complete_pairs", "sensitivity"), many[0]) == none + 2


def test_a_range_without_an_estimate_is_told_and_not_drawn(page):
    assert "0.6 to 0.8, no interval" in page.text
    assert not any("range without one" in image.attributes["alt"] for image in page.all("img"))


def test_the_same_analysis_gives_the_same_bytes_whatever_the_order_of_the_arms():
    backwards = dict(reversed(arms().items()))
    assert trial_page(trial()) == trial_page(trial(sequences=backwards))


def test_swapped_arms_move_the_pictures():
    swapped = {subject: sequence[::-1] for subject, sequence in arms().items()}
    assert trial_page(trial()) != trial_page(trial(sequences=swapped))


def test_names_of_markup_are_text():
    made = trial_page(hostile_trial())
    found = Parsed(made)
    assert "<b>$\\q$\\u202e{{ 7*7 }}" in found.text
    assert found.all("b") == []
    assert "\u202e" not in made


@pytest.mark.parametrize("case", ["nobody", "no arms", "no stages", "all missing"])
def test_a_trial_with_next_to_nothing_is_still_a_page(case):
    values = period_values()
    nobody = replace(values, subjects=(), values=np.empty((0, 2)), baselines=np.empty((0, 2)),
                     n_visits=np.empty((0, 2), int), stages=(), visit_values=np.empty((0, 0)))  # fmt: skip
    missing = replace(values, values=values.values * np.nan, visit_values=values.visit_values * np.nan)
    bare = replace(values, stages=(), visit_values=np.empty((0, 0)))
    chosen = {"nobody": nobody, "no arms": values, "no stages": bare, "all missing": missing}[case]
    lines = (without("headline", "SUBJECTS_TOO_FEW", "headline"),)
    sequences = {} if case in ("nobody", "no arms") else arms()
    made = Parsed(trial_page(trial(endpoints=(endpoint(values=chosen, lines=lines),), sequences=sequences,
                                   sensitivities=(), undeterminable=(), listed=())))  # fmt: skip
    assert made.unclosed == []
    assert ("Nobody with results has a sequence." in made.text) == (case in ("nobody", "no arms"))


def test_the_page_lies_apart_from_the_blind_ones(tmp_path):
    path = write_trial_page(tmp_path, trial())
    assert path == tmp_path / "unblinded" / "trial.html"
    assert path.read_text("utf-8") == trial_page(trial())
    assert {one.name for one in tmp_path.rglob("*")} - {LOCK_NAME} == {"unblinded", "trial.html"}
