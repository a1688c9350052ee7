"""A page of claims: what it was made with, the claims in one table, the table behind each."""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from validation.checks import Check

ROOT = Path(__file__).parents[1]


def page_text(head: str, checks: Sequence[Check], foot: str) -> str:
    """Head with the claims, a table a check, foot; `head` ends with the header of the table of claims."""
    lines = [
        f"| {c.title} | {_cell(c.goal)} | {_cell(c.measured)} | {'yes' if c.holds else '**no**'} |" for c in checks
    ]
    return head + "\n".join(lines) + "\n" + "".join(_table(c) for c in checks) + foot


def made_with() -> dict[str, str]:
    """Version of the package and of Python, and the machine, for the head of a page."""
    machine = f"{platform.system()} {platform.machine()}"
    return {"version": version("emgpipe"), "python": platform.python_version(), "machine": machine}


def peers_at_hand(names: Sequence[str]) -> str:
    """Peers and their versions, or that they are absent."""
    return ", ".join(f"{name} {version(name)}" if find_spec(name) else f"{name} absent" for name in names)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _table(check: Check) -> str:
    rows = [check.columns, ("---",) * len(check.columns), *check.rows]
    return f"\n## {check.title}\n\n" + "".join(f"| {' | '.join(map(_cell, row))} |\n" for row in rows)
