"""Pages for people: a page a visit and the study page, each one self-contained HTML file.

`write` finds the pages that are stale, `draw` draws them. `model` says what a page is made from, `stored` reads
that from a results folder, `columns` reduces hops to pixels, `figures` draws, `words` chooses digits and words,
`tables` arranges rows, `trails` leads from page to page, `visit` and `index` fill the templates. Pages hold
measurements and what they rest on, never a verdict on a patient; they hold no time of making, so the same data gives
the same bytes. matplotlib and jinja2 live here and nowhere else; public names are imported on first use, so that a
run that draws nothing does not import them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emgpipe.reports.figures import figure_png, recording_figure
    from emgpipe.reports.index import index_page
    from emgpipe.reports.model import Measured, RecordingReport, VisitReport
    from emgpipe.reports.names import patient_file_name, visit_file_name
    from emgpipe.reports.visit import visit_page

_HOMES = {
    "Measured": "model",
    "RecordingReport": "model",
    "VisitReport": "model",
    "figure_png": "figures",
    "index_page": "index",
    "patient_file_name": "names",
    "recording_figure": "figures",
    "visit_file_name": "names",
    "visit_page": "visit",
}

__all__ = [
    "Measured",
    "RecordingReport",
    "VisitReport",
    "figure_png",
    "index_page",
    "patient_file_name",
    "recording_figure",
    "visit_file_name",
    "visit_page",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
