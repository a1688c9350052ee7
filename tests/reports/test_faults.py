"""A page that cannot be drawn costs no other, whatever is wrong with it, and says why in one line."""

import hashlib
import json

import pytest

from emgpipe.batch.units import BODY, HEAD, read_unit, save_unit, unit_bytes
from emgpipe.cli.app import run
from emgpipe.errors import EmgpipeError, ResultsError
from emgpipe.reports import write
from emgpipe.reports.write import write_reports
from emgpipe.store import write_bytes

N_PAGES = 7
FAULT = r"^reports/visit\.P01\.V{}\.html: INTERNAL_ERROR: TypeError: .* \(emgpipe/\S+\.py:\d+\); .*report it$"


def spoil(out, name):
    """Give a unit marks that are none: whole as a file, and only drawing notices."""
    path = out / "units" / f"{name}_supine.jsonl"
    before = path.read_bytes()
    save_unit(path, {**read_unit(path), "annotations": [["rest"]]})
    return lambda: path.write_bytes(before)


def strip(out, name, field):
    """Take a field from the body of a unit, as an earlier version has written it."""
    path = out / "units" / f"{name}_supine.jsonl"
    unit = read_unit(path)
    head, _, body = unit_bytes(unit).partition(b"\n")[2].partition(b"\n")
    told = json.loads(body)
    del told[field]
    lines = head + b"\n" + json.dumps(told).encode() + b"\n"
    write_bytes(path, b'{"digest": "%s"}\n' % hashlib.sha256(lines).hexdigest().encode() + lines)
    assert read_unit(path).keys() >= set(HEAD)
    assert set(BODY) - read_unit(path).keys() == {field}


@pytest.fixture
def out(copy):
    """Results whose pages are all to be drawn."""
    (copy / "out" / "reports" / "pages.json").unlink()
    for path in (copy / "out" / "reports").glob("*.html"):
        path.unlink()
    return copy / "out"


def pages(out):
    """Pages that are there, and those that the list names."""
    listed = json.loads((out / "reports" / "pages.json").read_text())["pages"]
    return sorted(path.name for path in (out / "reports").glob("*.html")), sorted(listed)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_fault_in_the_drawing_of_a_page_is_a_coded_problem_of_that_page(out, monkeypatch, jobs):
    monkeypatch.setattr(write, "LEAST_PAGES", 1)
    mend = spoil(out, "P01_V1")
    with pytest.raises(EmgpipeError, match=FAULT.format(1)):
        write_reports(out, jobs=jobs)
    there, listed = pages(out)
    assert there == listed
    assert len(there) == N_PAGES - 1
    assert "visit.P01.V1.html" not in there
    mend()
    assert [path.name for path in write_reports(out)] == ["visit.P01.V1.html"]


def test_every_page_that_cannot_be_drawn_is_told_what_a_run_mends_is_raised(out):
    spoil(out, "P01_V1")
    spoil(out, "P01_V2")
    strip(out, "P02_V1", "muscles")
    told = []
    with pytest.raises(ResultsError, match="RESULTS_UNREADABLE"):
        write_reports(out, failing=told.append)
    assert [(problem.code, problem.where) for problem in told] == [
        ("INTERNAL_ERROR", "reports/visit.P01.V1.html"), ("INTERNAL_ERROR", "reports/visit.P01.V2.html")
    ]  # fmt: skip
    assert len(pages(out)[0]) == N_PAGES - 3


def test_the_command_says_each_in_one_line_and_nothing_of_folders(out, capsys):
    spoil(out, "P01_V1")
    spoil(out, "P01_V2")
    assert run(["report", str(out)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert ["INTERNAL_ERROR" in line for line in lines] == [True, True]
    assert not any(str(out) in line or "Traceback" in line for line in lines)


@pytest.mark.parametrize("field", ["muscles", "intervals"])
def test_a_unit_of_an_earlier_form_costs_its_page_and_says_what_to_do(out, field):
    strip(out, "P01_V2", field)
    with pytest.raises(ResultsError, match=rf"RESULTS_UNREADABLE: .*'P01_V2_supine' .*{field}; run the study again"):
        write_reports(out)
    assert pages(out)[1] == pages(out)[0]
    assert "visit.P01.V2.html" not in pages(out)[0]
    assert len(pages(out)[0]) == N_PAGES - 1


@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_a_measured_recording_without_its_unit_is_never_drawn_as_one_without_a_result(out, damage):
    path = out / "units" / "P01_V2_supine.jsonl"
    before = path.read_bytes()
    path.unlink() if damage == "gone" else path.write_bytes(before[:-2] + b"?\n")
    with pytest.raises(ResultsError, match=r"P01_V2_supine.*not as written; run the study again"):
        write_reports(out)
    assert "visit.P01.V2.html" not in pages(out)[0]
    path.write_bytes(before)
    assert "visit.P01.V2.html" in [page.name for page in write_reports(out)]
