"""The written policy as the generator knows it: what a change makes of a legal file."""

from dataclasses import dataclass
from typing import Literal

from stress.compose import File, Limits, Truth

Verdict = Literal["legal", "doubtful", "reject_signal", "reject_file", "any"]
Stage = Literal["check", "read"]

NAME_CODES = frozenset({"MUSCLE_UNKNOWN", "MUSCLE_DUPLICATE", "LABEL_DUPLICATE"})
TIME_CODES = frozenset(
    {
        "ANNOTATIONS_DAMAGED",
        "FIRST_ONSET",
        "RECORDS_OVERLAP",
        "RECORD_TIMES_TOO_LARGE",
        "ANNOTATIONS_TOO_MANY",
        "FILE_CHANGED",
    }
)
MOST_RECORD_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Expected:
    """What the policy says of a file.

    Attributes
    ----------
    verdict : str
        `legal` (used without a warning but those of `codes`), `doubtful` (used, a finding of
        `codes` says so), `reject_signal` (`signal` is refused for one of `codes`, the others are
        read), `reject_file` (refused with one of `codes`), `any` (random damage).
    codes : frozenset of str
        See above; empty: any code.
    stage : str
        `check` where header and size tell it, `read` where only reading does.
    signal : int
        Position of the refused signal.
    """

    verdict: Verdict
    codes: frozenset[str] = frozenset()
    stage: Stage = "check"
    signal: int = -1


def legal(*tolerated: str) -> Expected:
    """Used; no warning but the codes named."""
    return Expected("legal", frozenset(tolerated))


def doubtful(*codes: str, stage: Stage = "check") -> Expected:
    """Used with a finding."""
    return Expected("doubtful", frozenset(codes), stage)


def refuse(*codes: str, stage: Stage = "check") -> Expected:
    """Refused as a whole."""
    return Expected("reject_file", frozenset(codes), stage)


def refuse_signal(index: int, *codes: str) -> Expected:
    """One signal refused, the others read."""
    return Expected("reject_signal", frozenset(codes), signal=index)


ANYTHING = Expected("any")


@dataclass(frozen=True)
class Made:
    """A file made by a change: its bytes, what the policy says, and the truth where it can be used."""

    name: str
    data: bytes
    expected: Expected
    truth: Truth | None = None


def counted(file: File, stated: int, held: int) -> tuple[Expected, int]:
    """Judge a stated number of records by the bytes that the file holds for them.

    Parameters
    ----------
    file : File
        Its layout says the length of a record; EDF+ and BDF+ prove each record by its time.
    stated : int
        Number of records in the header.
    held : int
        Bytes behind the header.

    Returns
    -------
    Expected, int
        The verdict, and the number of records to use.
    """
    whole, left = divmod(held, file.record_bytes)
    if stated == whole and left == 0 and whole:
        return legal(), whole
    if stated < -1 or (stated == 0 and left):
        # without one whole record both codes say the truth
        return refuse("RECORD_COUNT", *(() if whole else ("FILE_TRUNCATED",))), whole
    if whole == 0:
        return refuse("FILE_TRUNCATED", "RECORD_COUNT"), 0
    if stated == -1:
        return doubtful("RECORD_COUNT"), whole
    if left == 0 or stated == whole:
        return doubtful("RECORD_COUNT"), whole
    code = "FILE_TRUNCATED" if stated > whole else "RECORD_COUNT"
    if stated == whole + 1 or file.plus:
        return doubtful(code), whole
    return refuse(code), whole


def laid_out(file: File, stated: int, held: int) -> tuple[Expected, int]:
    """As `counted`, after the limits on the size and the rate of a record."""
    if any(s.n < 1 for s in file.signals):
        return refuse("SAMPLES_PER_RECORD"), 0
    codes = []
    if file.record_bytes > MOST_RECORD_BYTES:
        codes.append("RECORD_TOO_LARGE")
    most = max((file.signals[i].n for i in file.ordinary), default=0)
    if file.record_s < 0 or (most and file.record_s < 1e-6) or (most and most / file.record_s > 1e6):
        codes.append("RECORD_DURATION")
    expected, whole = counted(file, stated, held)
    if not codes:
        return expected, whole
    return refuse(*codes, *(expected.codes if expected.verdict == "reject_file" else ())), whole


def scaled(limits: Limits, factor: float, *, bdf: bool) -> tuple[Verdict, str]:
    """Judge a scaling, and name the code; `any` where only the range, no limit, is above 1e9 µV."""
    low, high, least, most = limits
    edge = 2 ** (23 if bdf else 15)
    if not -edge <= least < most <= edge - 1:
        return "reject_signal", "DIGITAL_RANGE"
    step_uv = abs(high - low) * factor / (most - least)
    largest_uv, range_uv = max(abs(low), abs(high)) * factor, abs(high - low) * factor
    if step_uv < 1e-9 or largest_uv > 1e9:
        return "reject_signal", "SCALE_DEGENERATE"
    if range_uv > 1e9:
        return "any", ""
    return ("doubtful", "SCALE_INVERTED") if low > high else ("legal", "")
