"""Codes of parameters: short, stable, one a parameter."""

import re
from itertools import product

import pytest

from emgpipe.batch.dictionary import measure_entries
from emgpipe.errors import TableError
from emgpipe.muscles import MUSCLES
from emgpipe.outcomes import parameters
from emgpipe.outcomes.parameters import RATIO_UNITS, Parameter, category, codes_of, param, paramcd


def of(measure="apdf_p10_uv", target="TA_R", segment="rest", task="supine", unit="uV") -> Parameter:
    return Parameter(measure, target, segment, task, unit)


def test_codes_stay_as_they_were_first_given():
    assert [paramcd(one) for one in (of(), of(segment="whole"), of("cc_overlap_uv", "TA_R/GM_R"))] == [
        "P107HBB4", "P1062AEY", "CCOPYQCA"]  # fmt: skip


def test_every_measure_has_letters_words_and_a_category_of_its_own():
    entries = measure_entries()
    made = {name: of(name, unit=entry["unit"]) for name, entry in entries.items()}
    assert len({paramcd(one)[:3] for one in made.values()}) == len(entries)
    assert len({param(one) for one in made.values()}) == len(entries)
    for name, one in made.items():
        assert re.fullmatch("[A-Z][A-Z0-9]{7}", paramcd(one)), name
        assert param(one).isascii()
        assert param(one).endswith(f"({entries[name]['unit']})")
        assert category(one) in ("LEVEL", "CMUA", "CO-CONTRACTION", "SPASM", "EVOKED", "INDEX", "QC")


def test_no_unit_of_a_logarithm_a_fraction_or_a_count_has_a_change_in_per_cent():
    units = {entry["unit"] for entry in measure_entries().values()}
    assert units - RATIO_UNITS == {"1", "%"}
    assert units > RATIO_UNITS


def test_a_large_study_has_no_code_twice():
    targets = [f"{muscle.code}_{side}" for muscle, side in product(MUSCLES.values(), "LR")]
    made = [of(measure, target) for measure in ("apdf_p10_uv", "cmua_frac", "rest_rms_uv") for target in targets]
    assert len(set(codes_of(made).values())) == len(made) > 300


def test_two_parameters_of_one_code_are_refused(monkeypatch):
    monkeypatch.setattr(parameters, "_DIGITS", "A" * 32)
    with pytest.raises(TableError, match=r"PARAMCD_TWICE: 'Static level P10, TA_R, .* and .*GM_R.* 'P10AAAAA'"):
        codes_of([of(), of(target="GM_R")])


def test_a_measure_that_this_version_does_not_know_is_refused():
    with pytest.raises(TableError, match="PARAMETER_UNKNOWN: measure 'apdf_p99_uv'"):
        paramcd(of("apdf_p99_uv"))
