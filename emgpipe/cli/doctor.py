"""`emgpipe doctor`: versions, cores, caches, what is optional and absent."""

import os
import platform
import re
import sys
from importlib import metadata

from emgpipe.cli.talk import table_text

OPTIONAL = {"pyedflib": "simulate, demo and the tests need it to write EDF"}
"""Packages that a Python without a wheel for them may lack."""

EXTRAS = {"distributed": 'run --scheduler needs it: pip install "emgpipe[cluster]"'}
"""Packages that are installed only where they are asked for."""


def report() -> tuple[str, int]:
    """Text of the report, and the exit code: 1 where a package that is needed is absent."""
    rows = [["emgpipe", metadata.version("emgpipe"), ""], ["Python", platform.python_version(), sys.executable]]
    absent = 0
    without = OPTIONAL | EXTRAS
    for name in [*_required(), *EXTRAS]:
        try:
            rows.append([name, metadata.version(name), ""])
        except metadata.PackageNotFoundError:
            absent += name not in without
            rows.append([name, "absent", without.get(name, "needed: install emgpipe again")])
    rows += [
        ["system", platform.system(), platform.machine()],
        ["cores", str(_cores()), ""],
        ["kernel cache", *_kernel_cache()],
    ]
    return table_text(["what", "found", "note"], rows), 1 if absent else 0


def _required() -> list[str]:
    """Packages that emgpipe names, extras left out."""
    named = metadata.requires("emgpipe") or []
    return [re.split(r"[^A-Za-z0-9_.-]", text)[0] for text in named if "extra ==" not in text]


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _kernel_cache() -> tuple[str, str]:
    """Where compiled kernels are kept; without such a place each run compiles for seconds."""
    from emgpipe.kernels import CACHE_PLACE
    from emgpipe.kernels.cache import cache_places

    if CACHE_PLACE is not None:
        return "writable", str(CACHE_PLACE)
    tried = ", ".join(map(str, cache_places()[1:]))  # the first is the one made for this process
    return (
        "not writable",
        f"{tried}: each run compiles for seconds; set NUMBA_CACHE_DIR to a place for them",
    )
