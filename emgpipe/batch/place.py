"""Where results may go: a folder of their own, in which nothing of anybody else is written over."""

from pathlib import Path

from emgpipe.batch.audit import LOG, RUN_RECORD
from emgpipe.batch.finish import TABLES
from emgpipe.errors import StoreError
from emgpipe.store import refuse_links
from emgpipe.store.lock import LOCK_NAME
from emgpipe.study import Study

OURS = ("units", "cache", "reports", "logs")
MARKS = (LOCK_NAME, RUN_RECORD, LOG, "units")
"""One of them stands in every folder that a run has begun to fill."""


def refuse_place(study: Study, out: Path) -> None:
    """Refuse a results folder in which a run would write over files that are not its own, or through links.

    Parameters
    ----------
    study : Study
        As loaded.
    out : Path
        Results folder; may be missing, may be a link.

    Raises
    ------
    StoreError
        OUT_TAKEN: it is the folder of the study, the study lies in a folder that a run fills, or it holds files with
        names of ours that no run has written. STORE_LINKED, as in `refuse_links`.
    """
    refuse_links(out)
    here, there = out.resolve(), study.folder.resolve()
    if here == there or any(there.is_relative_to(here / name) for name in OURS):
        message = "the study lies here; give a folder of their own to the results, such as one inside it"
        raise StoreError("OUT_TAKEN", message, where=str(out))
    taken = [name for name in TABLES if (here / name).is_file()]
    if taken and not any((here / name).exists() for name in MARKS):
        message = f"it holds {taken[0]}, which no run has written; choose another folder"
        raise StoreError("OUT_TAKEN", message, where=str(out))
