"""Settings that were chosen, as a file that `run --settings` takes, with all that they rest on in its head."""

from collections.abc import Iterator, Mapping
from typing import Any

from emgpipe.errors import SettingsError, printable
from emgpipe.reports.tuned_model import NO_CHOICE
from emgpipe.settings import Settings, to_toml
from emgpipe.tuning.choice import Choice

BEST = "best"
WHERE = "--freeze"


def refuse_freeze(asked: str, n_points: int, *, marked: bool) -> None:
    """Refuse settings that cannot be frozen, before anything is swept.

    Parameters
    ----------
    asked : str
        `best`, the number of a point, or empty for nothing.
    n_points : int
        Of the grid.
    marked : bool
        There are marks, so that there is a best.

    Raises
    ------
    SettingsError
        FREEZE_INVALID.

    Examples
    --------
    >>> refuse_freeze("best", 12, marked=False)
    Traceback (most recent call last):
    ...
    emgpipe.errors.SettingsError: --freeze: FREEZE_INVALID: 'best' without marks; give --truth, or the number of a point
    """
    if not asked:
        return
    if asked == BEST:
        if not marked:
            raise SettingsError(
                "FREEZE_INVALID", "'best' without marks; give --truth, or the number of a point", where=WHERE
            )
        return
    if not (asked.isascii() and asked.isdigit() and len(asked) < 10 and int(asked) < n_points):
        message = f"{asked!r}; give 'best', or the number of a point from 0 to {n_points - 1}"
        raise SettingsError("FREEZE_INVALID", message, where=WHERE)


def frozen_point(asked: str, choice: Choice | None) -> int | None:
    """Point to freeze, of what `refuse_freeze` lets pass; None where nothing was asked for.

    Raises
    ------
    SettingsError
        FREEZE_INVALID: `best` where the choice is none.
    """
    if not asked:
        return None
    if asked != BEST:
        return int(asked)
    if choice is None or choice.reason == NO_CHOICE:
        message = "'best', but no settings agree with any mark; look at the marks, or give the number of a point"
        raise SettingsError("FREEZE_INVALID", message, where=WHERE)
    return choice.point


def frozen_text(settings: Settings, record: Mapping[str, Any]) -> str:
    """`settings.toml`: a head of comments, then every setting with its meaning.

    Parameters
    ----------
    settings : Settings
        Of the frozen point.
    record : mapping
        From `record_of`, with `frozen`.

    Returns
    -------
    str
        TOML; `load_settings` gives the same settings back, and their fingerprint stands in the head.
    """
    head = "\n".join(f"# {printable(line)}" for line in _head(record))
    return f"{head}\n\n{to_toml(settings, comments=True)}"


def _head(record: Mapping[str, Any]) -> Iterator[str]:
    frozen, results, grid = record["frozen"], record["results"], record["grid"]
    yield f"Settings frozen by {record['made_by']} for study {record['study']}."
    values = ", ".join(f"{name}={value!r}" for name, value in frozen["values"].items())
    yield f"point {frozen['point']} of {grid['n_points']}: {values}"
    yield from _rule(record)
    yield f"fingerprint (settings_id of a run with them): {frozen['settings_id']}"
    yield f"results: settings_id {results['settings_id']}"
    for name in ("measures.csv", "inputs.csv"):
        yield f"results: {name} SHA-256 {results[name]}"
    for file in (record["marks"] or {"files": ()})["files"]:
        yield f"truth: {file['name']} SHA-256 {file['sha256']}"
    if record["marks"] and record["marks"]["annotation"]:
        yield f"truth: annotations {record['marks']['annotation']!r}, whose bytes inputs.csv names"
    yield f"grid: SHA-256 {grid['sha256']}"
    if record["outcome"]:
        yield f"NOTE: the change of {', '.join(record['outcome'])} under all settings was shown in the same sweep"
    yield from (f"POST-HOC: {words}" for words in record["post_hoc"])


def _rule(record: Mapping[str, Any]) -> Iterator[str]:
    frozen, choice = record["frozen"], record["choice"]
    if frozen["asked"] != BEST:
        yield f"rule: point {frozen['point']} was named by a person"
    else:
        yield f"rule: {choice['rule']}"
    if choice is not None and choice["reason"] == NO_CHOICE:
        yield "no score: no settings agree with any mark"
    elif choice is not None and choice["point"] == frozen["point"]:
        out = choice["out_of_sample"]
        told = f"{out!r} (each patient under the choice of the others)" if out == out else f"none: {choice['reason']}"
        marks = record["marks"]
        yield f"scored: marks of kind {marks['kind']}, onsets within {marks['tolerance_s']!r} s"
        yield f"{choice['score']}: {choice['in_sample']!r} in sample, {told} out of sample"
        yield f"{choice['score']} of the declared settings: {choice['declared']!r}"
