"""`emgpipe lock`: what was frozen, and what to keep elsewhere."""

from pathlib import Path

from emgpipe.batch.locked import LOCK_FILE
from emgpipe.batch.locking import Locked, lock_results
from emgpipe.cli.progress import note_waiting
from emgpipe.cli.talk import note
from emgpipe.errors import printable
from emgpipe.outcomes.lock import short


def lock_told(out: Path, plan: Path, *, wait: bool) -> str:
    """Lock results and tell it; what must be said of plan and results goes to stderr.

    Parameters
    ----------
    out, plan, wait
        As in `lock_results`.

    Returns
    -------
    str
    """
    done = lock_results(out, plan, wait=wait, waiting=lambda: note_waiting(str(out)))
    for finding in done.findings:
        note("warning", finding.code, finding.message, where=str(plan))
    if done.post_hoc:
        message = "somebody has opened the arms before this lock: everything that it changes is told as post-hoc"
        note("warning", "", message, where=str(out))
    return _text(out, done)


def _text(out: Path, done: Locked) -> str:
    lock = done.lock
    head = f"lock {lock.number} of {out / LOCK_FILE}" if done.is_new else f"nothing to lock: it is lock {lock.number}"
    endpoints = [one.name for one in lock.analysis_plan().endpoints]
    settings = f"settings {short(lock.settings_id)}"
    if others := len(set(lock.settings_ids) - {lock.settings_id}):
        settings += f" (rows of {others} others among them)"
    lines = [
        f"{head}, {done.time}{f' by {done.who}' if done.who else ''}",
        f"plan {short(lock.plan_sha256)}: {endpoints[0]}"
        + ("" if not (n := len(endpoints) - 1) else f", {n} secondary endpoint{'s' * (n > 1)}"),
        f"{settings}; {len(lock.outputs)} tables; {len(lock.inputs)} recordings; emgpipe {', '.join(lock.made_by)}",
        f"lock {lock.sha256}",
        "keep the hash of the lock elsewhere, as in a mail to a colleague who is blind: it vouches for all of this",
    ]
    return "\n".join(map(printable, lines)) + "\n"
