"""Whether records, rates and the size of a file agree, and how many records are to be used."""

from collections.abc import Sequence

from emgpipe.readers.findings import Findings
from emgpipe.recording import Severity

MOST_RECORD_BYTES = 64 * 2**20
MOST_RATE_HZ = 1e6

_LEAST_DURATION_S = 1e-6
_MOST_DURATION_S = 1e8  # three years

_PLACES = {"RECORD_COUNT": "number of records", "FILE_TRUNCATED": "file"}
_AGAIN = "copy or export the file again"


def check_record_bytes(found: Findings, record_bytes: int) -> None:
    """Refuse records larger than any amplifier writes; the size is not told, it may be a number of a device."""
    if record_bytes > MOST_RECORD_BYTES:
        stated = f"a record of more than {MOST_RECORD_BYTES} bytes"
        found.error("RECORD_TOO_LARGE", "samples per record", stated, f"at most {MOST_RECORD_BYTES}", _AGAIN)


def check_duration(found: Findings, record_s: float, samples_per_record: Sequence[int]) -> None:
    """Refuse a duration that gives no rate.

    Parameters
    ----------
    found : Findings
        Is told.
    record_s : float
        Duration of a record, seconds.
    samples_per_record : sequence of int
        Of the signals that are no annotations; 0 s is for files without such signals.
    """
    where, most = "record duration", max(samples_per_record, default=0)
    if record_s == 0 and not samples_per_record:
        return  # annotations only
    if not _LEAST_DURATION_S <= record_s <= _MOST_DURATION_S:
        allowed = f"{_LEAST_DURATION_S:.6f} to {_MOST_DURATION_S:.0f} s; 0 s in a file of annotations only"
        found.error("RECORD_DURATION", where, f"{found.told(record_s)} s", allowed, "export the file again")
    elif most / record_s > MOST_RATE_HZ:
        stated = f"{found.told(record_s)} s, a rate above {MOST_RATE_HZ:.0f} Hz"
        found.error("RECORD_DURATION", where, stated, "a longer record or fewer samples in it", "export the file again")


def records_to_use(found: Findings, stated: int, data_bytes: int, record_bytes: int, *, timed: bool) -> int:
    """Compare the stated number of records with what the file holds.

    Parameters
    ----------
    found : Findings
        Is told.
    stated : int
        Number of records in the header; -1 is "not finished".
    data_bytes, record_bytes : int
        Length of the data behind the header, and of one record.
    timed : bool
        Every record states its time, so that reading proves each one.

    Returns
    -------
    int
        Whole records in the file; 0 where an error was told and none can be used.

    Examples
    --------
    >>> found = Findings()
    >>> records_to_use(found, -1, 600, 200, timed=False), [(f.code, f.severity) for f in found]
    (3, [('RECORD_COUNT', 'warning')])
    """
    whole, left = divmod(data_bytes, record_bytes)
    if stated == whole and whole and not left:
        return whole
    more = f" and {left} bytes more" if left else ""
    held = f"{found.told(stated)} records stated, {whole} records of {record_bytes} bytes{more} in the file"
    allowed = "a number that agrees with the size of the file"
    code, severity, hint = _count_verdict(stated, whole, left, timed=timed)
    found.note(severity, code, _PLACES[code], held, allowed, hint)
    if stated == -1 and whole and left:
        found.warn("FILE_TRUNCATED", "file", held, "whole records", "the last one is incomplete and left out")
    return whole


def _count_verdict(stated: int, whole: int, left: int, *, timed: bool) -> tuple[str, Severity, str]:
    """Code, severity and hint for a number of records that is not that of the file."""
    used = f"the {whole} whole records are used"
    if stated == whole == left == 0:
        return "RECORD_COUNT", "error", "the recording is empty; export it again"
    if not whole:
        return "FILE_TRUNCATED", "error", f"no record is complete; {_AGAIN}"
    if stated < -1 or (stated == 0 and left):
        return "RECORD_COUNT", "error", "export the file again"
    if not left or stated in (-1, whole):
        return "RECORD_COUNT", "warning", used
    if stated == whole + 1:
        return "FILE_TRUNCATED", "warning", f"the last record is incomplete and left out; {used}"
    code = "FILE_TRUNCATED" if stated > whole else "RECORD_COUNT"
    if timed:
        return code, "warning", f"{used} where their times prove them"
    return code, "error", f"a damaged layout cannot be told from a short copy; {_AGAIN}"
