"""Minimal detectable change from declared visits: its size, who is left out, and that pages follow the lock."""

import math

import numpy as np
import pandas as pd
import pytest

from emgpipe.batch.locking import lock_results
from emgpipe.batch.verify_pages import page_problems
from emgpipe.outcomes.plan import parse_plan
from emgpipe.reports.detectable import change_of, detectable
from emgpipe.reports.told import read_results
from emgpipe.reports.write import write_reports
from emgpipe.statistics import reliability
from emgpipe.store import read_json

VISITS = ("V1", "V2", "V3")


def plan(endpoint=""):
    roles = {"V1": (1, "baseline"), "V2": (1, "treatment"), "V3": (2, "treatment")}
    visits = "\n".join(
        f'[[visits]]\navisit = "{name}"\nnames = ["{name}"]\nperiod = {period}\nrole = "{role}"'
        for name, (period, role) in roles.items()
    )
    head = f'[analysis]\nestimator = "raw"\n[endpoint]\nmeasure = "apdf_p10_uv"\ntargets = ["TA_R"]\n{endpoint}\n'
    return parse_plan(f'{head}{visits}\n[reliability]\nno_change = ["V2", "V3"]\n')


def tables(values, below=(), target="TA_R"):
    """Rows of one measure, `values` of shape (subjects, visits), NaN where undeterminable."""
    rows, inputs = [], []
    for i, course in enumerate(np.asarray(values, float)):
        for visit, value in zip(VISITS, course, strict=True):
            name, subject = f"S{i}_{visit}_rest", f"S{i}"
            status = "undeterminable" if math.isnan(value) else "below_limit" if (i, visit) in below else "ok"
            rows.append({
                "study": "DEMO", "subject": subject, "visit": visit, "task": "rest", "run": "", "recording": name,
                "segment": "rest", "target": target, "target_kind": "muscle", "measure": "apdf_p10_uv", "value": value,
                "unit": "uV", "limit": 0.5, "status": status, "reason": "", "floor_confidence": "high",
                "settings_id": "aa", "input_sha256": "0f", "version": "1",
            })  # fmt: skip
            inputs.append({"recording": name, "subject": subject, "visit": visit, "task": "rest", "run": "",
                           "file": f"{name}.edf", "sha256": "0f", "status": "ok", "code": ""})  # fmt: skip
    return pd.DataFrame(rows), pd.DataFrame(inputs), {}


def values(n=8, seed=5):
    rng = np.random.default_rng(seed)
    return rng.uniform(3, 9, (n, 1)) + rng.normal(0, 0.5, (n, 3))


def test_it_is_that_of_the_declared_visits_alone():
    table = values()
    found, known = change_of(plan(), *tables(table)), reliability(table[:, 1:]).consistency
    assert (found.mdc95, found.low, found.high, found.df) == (known.mdc95, known.mdc95_low, known.mdc95_high, known.df)
    assert (found.n_subjects, found.n_incomplete, found.n_below) == (8, 0, 0)
    table[:, 0] *= 50
    assert change_of(plan(), *tables(table)) == found


def test_of_logarithms_it_is_a_ratio():
    table = values()
    found = change_of(plan("log = true\noffset_uv = 0.5"), *tables(table))
    assert found.mdc95 == pytest.approx(reliability(table[:, 1:], log=True, offset=0.5).consistency.mdc95_ratio)


def test_subjects_without_all_visits_and_those_always_below_the_limit_are_left_out_and_counted():
    table = values()
    table[1, 2] = np.nan
    below = {(3, "V2"), (3, "V3"), (4, "V2")}
    found = change_of(plan(), *tables(table, below))
    kept = [0, 2, 4, 5, 6, 7]
    assert (found.n_subjects, found.n_incomplete, found.n_below) == (6, 1, 1)
    assert found.mdc95 == reliability(table[kept, 1:]).consistency.mdc95


@pytest.mark.parametrize(("rows", "code"), [(1, "SUBJECTS_TOO_FEW"), (0, "SUBJECTS_TOO_FEW")])
def test_too_few_subjects_give_a_code_and_no_number(rows, code):
    found = change_of(plan(), *tables(values()[:rows] if rows else values() * np.nan))
    assert found.code == code
    assert math.isnan(found.mdc95)
    assert not found.drawn


def test_visits_that_do_not_differ_give_a_code():
    assert change_of(plan(), *tables(np.repeat(values()[:, :1], 3, axis=1))).code == "RESIDUALS_ZERO"


PLAN = """
[endpoint]
measure = "apdf_p10_uv"
targets = ["TA_R"]
[[visits]]
avisit = "Month 1"
names = ["V1"]
period = 1
role = "treatment"
[[visits]]
avisit = "Month 2"
names = ["V2"]
period = 2
role = "treatment"
[analysis]
estimator = "raw"
"""
NO_CHANGE = '[reliability]\nno_change = ["Month 1", "Month 2"]\n'


@pytest.fixture
def lock(copy):
    def make(text):
        (copy / "analysis.toml").write_text(text)
        return lock_results(copy / "out", copy / "analysis.toml")

    return make


def test_a_lock_without_declared_visits_changes_no_page(copy, lock):
    lock(PLAN)
    assert detectable(copy / "out") is None
    assert write_reports(copy / "out") == []


def test_a_lock_with_declared_visits_draws_the_pages_of_subjects_anew_once(copy, lock):
    lock(PLAN + NO_CHANGE)
    [problem] = page_problems(copy / "out", read_json(copy / "out" / "run.json"))
    assert problem.code == "PAGES_STALE"
    drawn = [path.name for path in write_reports(copy / "out")]
    assert drawn == ["patient.P01.html", "patient.P02.html"]
    page = (copy / "out" / "reports" / drawn[0]).read_text("utf-8")
    assert "SUBJECTS_TOO_FEW" in page, "two subjects, one of them without its second visit"
    assert write_reports(copy / "out") == []
    assert list(page_problems(copy / "out", read_json(copy / "out" / "run.json"))) == []


def test_a_lock_that_was_changed_is_said_on_the_pages_and_costs_none(copy, lock):
    lock(PLAN + NO_CHANGE)
    path = copy / "out" / "lock.json"
    path.write_text(path.read_text().replace("Month 2", "Month 3"))
    assert detectable(copy / "out").code == "LOCK_CHANGED"
    write_reports(copy / "out")
    assert "LOCK_CHANGED" in (copy / "out" / "reports" / "patient.P01.html").read_text("utf-8")


def test_the_change_is_part_of_what_a_page_depends_on(copy, lock):
    before = read_results(copy / "out").keys()
    lock(PLAN + NO_CHANGE)
    after = read_results(copy / "out").keys()
    assert {name for name in before if before[name] != after[name]} == {"patient.P01.html", "patient.P02.html"}
