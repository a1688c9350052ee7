"""Memory of a process as the system counts it."""

import resource
from pathlib import Path


def status_kb(name: str) -> int:
    """Read one figure of this process; 0 where the system does not tell it."""
    try:
        text = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name}:")), 0)


def forget_peak() -> None:
    """Let the system measure the peak anew; where it cannot, the peak so far stays."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def peak_rss_mb() -> float:
    """Peak of resident memory of this process, MB."""
    return (status_kb("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024
