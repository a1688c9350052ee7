"""Many recordings: jobs, worker processes, units on disk, and the tables made from them.

A recording is a job, a job writes one unit, tables are merged from units in the order of
the study by one writer. A bad recording is one row; it never stops the others.
"""

from emgpipe.batch.compare import Comparison, compare_results
from emgpipe.batch.load import Results, load_results
from emgpipe.batch.plan import Planned, plan_study
from emgpipe.batch.problems import Problem
from emgpipe.batch.run import RunReport, run_study
from emgpipe.batch.verify import verify_results

__all__ = [
    "Comparison",
    "Planned",
    "Problem",
    "Results",
    "RunReport",
    "compare_results",
    "load_results",
    "plan_study",
    "run_study",
    "verify_results",
]
