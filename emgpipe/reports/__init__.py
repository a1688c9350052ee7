"""Pages for people: a page a visit and the study page, each one self-contained HTML file.

`model` says what a page is made from, `columns` reduces hops to pixels, `figures` draws, `words` chooses
digits and words, `tables` arranges rows, `visit` and `index` fill the templates. Pages hold measurements
and what they rest on, never a verdict on a patient; they hold no time of making, so the same data gives
the same bytes. matplotlib and jinja2 live here and nowhere else.
"""

from emgpipe.reports.figures import figure_png, recording_figure
from emgpipe.reports.index import index_page
from emgpipe.reports.model import RecordingReport, VisitReport, visit_file_name
from emgpipe.reports.visit import visit_page

__all__ = [
    "RecordingReport",
    "VisitReport",
    "figure_png",
    "index_page",
    "recording_figure",
    "visit_file_name",
    "visit_page",
]
