"""Draw the pages that are stale: everything that is heavy to import is imported here, and this module only then."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from emgpipe.batch.conditions import Conditions, differing_conditions
from emgpipe.batch.units import read_head
from emgpipe.recording import Finding
from emgpipe.reports.course import MAIN, is_main_segment, made_by, patient_report
from emgpipe.reports.distributions import spread_blocks
from emgpipe.reports.index import index_page
from emgpipe.reports.patient import patient_page
from emgpipe.reports.stored import is_simulated, measure_row, stored_visit, told_findings, unit_path
from emgpipe.reports.visit import visit_page
from emgpipe.settings import Settings, fingerprint

Row = Mapping[str, str]


def index_html(
    study: str, inputs: Sequence[Row], measures: Sequence[Row], settings: Settings, folder: Path,
    conditions: Mapping[str, Row],
) -> str:  # fmt: skip
    """Page of the study; findings from its units, and on conditions that differ between visits."""
    visits = list(dict.fromkeys((row["subject"], row["visit"]) for row in inputs))
    drawn = {measure for measures_of_kind in MAIN.values() for measure in measures_of_kind}
    lines = ((row["subject"], row["visit"], row["task"], measure_row(row)) for row in measures
             if row["measure"] in drawn and is_main_segment(row["segment"]))  # fmt: skip
    made_with = {row["recording"]: made_by(row) for row in measures if row["recording"] and row["measure"]}
    return index_page(
        study, inputs, visits, findings=_findings(inputs, folder, conditions), spreads=spread_blocks(lines, inputs),
        made_with=Counter(made_with.values()), version=version("emgpipe"), settings_id=fingerprint(settings),
        simulated=is_simulated(study),
    )  # fmt: skip


def _findings(inputs: Sequence[Row], folder: Path, conditions: Mapping[str, Row]) -> dict[str, list[Finding]]:
    differing = differing_conditions(
        Conditions(row["subject"], row["visit"], row["task"], conditions.get(row["recording"], {})) for row in inputs
    )
    return {
        row["recording"]: [
            *told_findings(read_head(unit_path(folder, row))),
            *differing.get((row["subject"], row["task"]), ()),
        ]
        for row in inputs
    }


def visit_html(
    study: str, subject: str, visit: str, inputs: Sequence[Row], measures: Sequence[Row], folder: Path,
    settings: Settings, conditions: Mapping[str, Row], beside: tuple[str, str],
) -> str:  # fmt: skip
    """Page of one visit from its units, its rows and cached frames; raises StoreError where frames are not there."""
    report = stored_visit(study, subject, visit, inputs, measures, folder, settings, conditions)
    return visit_page(replace(report, beside=beside))


def patient_html(
    study: str, subject: str, inputs: Sequence[Row], measures: Sequence[Row], settings: Settings,
    conditions: Mapping[str, Row],
) -> str:  # fmt: skip
    """Page of one subject from tables alone; `inputs` are of the whole study, `measures` of the subject."""
    report = patient_report(
        study, subject, inputs, [(row, measure_row(row)) for row in measures if row["measure"]], conditions,
        version=version("emgpipe"), settings_id=fingerprint(settings), simulated=is_simulated(study),
    )  # fmt: skip
    return patient_page(report)
