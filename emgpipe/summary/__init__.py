"""Rows of recordings become rows of visits: references applied, subject-level measures made, repeats pooled.

Numbers only: no files, no pictures. Nothing here knows an arm or a sequence.
"""

from emgpipe.summary.references import reference_rows
from emgpipe.summary.subject import SUBJECT_MEASURES, subject_rows
from emgpipe.summary.visits import StudyRow, visit_tables

__all__ = ["SUBJECT_MEASURES", "StudyRow", "reference_rows", "subject_rows", "visit_tables"]
