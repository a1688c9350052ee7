"""Draw the pages that are stale: everything that is heavy to import is imported here, and this module only then."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

from emgpipe.batch.units import read_head
from emgpipe.batch.work import fault_words
from emgpipe.errors import EmgpipeError
from emgpipe.recording import Finding
from emgpipe.reports.course import MAIN, is_main_segment, made_by, patient_report
from emgpipe.reports.distributions import spread_blocks
from emgpipe.reports.index import index_page
from emgpipe.reports.names import patient_file_name, visit_file_name
from emgpipe.reports.patient import patient_page
from emgpipe.reports.stored import is_simulated, measure_row, stored_visit, told_findings, unit_path
from emgpipe.reports.told import INDEX, Told, Visit, versions_of
from emgpipe.reports.visit import visit_page
from emgpipe.settings import fingerprint


def drawings(told: Told, folder: Path) -> dict[str, Callable[[], str]]:
    """How each page of a results folder is drawn, by its file name: visits, subjects, the study."""
    visits = {visit_file_name(*visit): partial(visit_html, told, visit, folder) for visit in told.visits}
    subjects = {patient_file_name(subject): partial(patient_html, told, subject) for subject in told.subjects()}
    return {**visits, **subjects, INDEX: partial(index_html, told, folder)}


def outcome_of(name: str, draw: Callable[[], str]) -> str | EmgpipeError:
    """Text of a page, or why it cannot be drawn; a fault of ours must cost one page, not the others."""
    try:
        return draw()
    except EmgpipeError as problem:
        return problem
    except Exception as fault:
        message = f"{fault_words(fault)}; this is a fault of emgpipe: please report it"
        return EmgpipeError("INTERNAL_ERROR", message, where=f"reports/{name}")


def index_html(told: Told, folder: Path) -> str:
    """Page of the study; findings from its units, and on conditions that differ between visits."""
    measures = told.all_measures()
    drawn = {measure for measures_of_kind in MAIN.values() for measure in measures_of_kind}
    lines = ((row["subject"], row["visit"], row["task"], measure_row(row)) for row in measures
             if row["measure"] in drawn and is_main_segment(row["segment"]))  # fmt: skip
    made_with = {row["recording"]: made_by(row) for row in measures if row["recording"] and row["measure"]}
    return index_page(
        told.study, told.inputs, list(told.visits), findings=_findings(told, folder),
        spreads=spread_blocks(lines, told.inputs), made_with=Counter(made_with.values()),
        measured_with=versions_of(measures), version=version("emgpipe"), settings_id=fingerprint(told.settings),
        simulated=is_simulated(told.study),
    )  # fmt: skip


def _findings(told: Told, folder: Path) -> dict[str, list[Finding]]:
    return {
        row["recording"]: [
            *told_findings(read_head(unit_path(folder, row))),
            *told.differing.get((row["subject"], row["task"]), ()),
        ]
        for row in told.inputs
    }


def visit_html(told: Told, visit: Visit, folder: Path) -> str:
    """Page of one visit from its units, its rows and cached frames; raises as `stored_visit`."""
    return visit_page(stored_visit(told, visit, folder))


def patient_html(told: Told, subject: str) -> str:
    """Page of one subject from tables alone."""
    report = patient_report(
        told.study, subject, told.inputs,
        [(row, measure_row(row)) for row in told.measures_of(subject) if row["measure"]], told.conditions,
        version=version("emgpipe"), settings_id=fingerprint(told.settings), simulated=is_simulated(told.study),
    )  # fmt: skip
    return patient_page(report, detectable=told.detectable)
