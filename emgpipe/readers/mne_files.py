"""Files opened by MNE, and whatever MNE says or fails with in words of ours."""

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from emgpipe.errors import EmgpipeError, ReadError, SettingsError
from emgpipe.readers.files import file_name, opened
from emgpipe.recording import Finding

if TYPE_CHECKING:
    from mne.io import BaseRaw

_LONGEST_WORD = 200
_EDF_FIRST_BYTES = (b"0       ", b"\xffBIOSEMI")
_EDF_ENDINGS = (".edf", ".bdf")
_EDF_CLASSES = {"RawEDF", "RawBDF"}
_NOT_KEPT = "a unit that MNE does not know is taken as volts, and the digital step and the rails are not kept"


def open_by_mne(path: str | os.PathLike[str], where: str) -> "tuple[BaseRaw, list[Finding]]":
    """Open a file by MNE, samples left in it.

    Parameters
    ----------
    path : path-like
        A regular file that is no EDF or BDF.
    where : str
        Name for messages.

    Returns
    -------
    raw : mne.io.BaseRaw
    findings : list of Finding
        READ_BY_MNE, and MNE_WARNING for each warning of MNE's.

    Raises
    ------
    ReadError
        FILE_UNREADABLE, FILE_EMPTY, MNE_NOT_FOR_EDF, MNE_UNREADABLE.
    """
    with opened(path) as file:
        first_bytes = file.read(8)
    if not first_bytes:
        raise ReadError("FILE_EMPTY", "the file has no bytes; export it anew", where=where)
    if first_bytes in _EDF_FIRST_BYTES or os.fsdecode(path).lower().endswith(_EDF_ENDINGS):
        message = f"{file_name(path)!r} is for read_recording, which keeps its units, rates and gaps; MNE does not"
        raise ReadError("MNE_NOT_FOR_EDF", message, where=where)
    import mne

    with mne_at_work(where, os.fsdecode(path)) as told:
        # at a higher level MNE keeps its warnings to itself
        raw = mne.io.read_raw(path, preload=False, verbose="WARNING")
    message = f"opened by MNE {mne.__version__}: {_NOT_KEPT}; compare an amplitude, and state lsb_uv and clip_uv"
    return raw, [Finding("READ_BY_MNE", "warning", "file", message), *told_by_mne(told)]


def judge_raw(raw: "BaseRaw", where: str) -> list[Finding]:
    """Say what MNE may have lost before this object was given to us.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        Anything else is refused.
    where : str
        Name for messages.

    Returns
    -------
    list of Finding
        READ_BY_MNE where MNE read it from EDF or BDF.

    Raises
    ------
    SettingsError
        ARGUMENT_INVALID.
    """
    from mne.io import BaseRaw

    if not isinstance(raw, BaseRaw):
        message = f"found {type(raw).__name__!r}; an MNE Raw or the path of a file is needed"
        raise SettingsError("ARGUMENT_INVALID", message, where=where)
    if not _EDF_CLASSES & {kind.__name__ for kind in type(raw).__mro__}:
        return []
    message = (
        f"MNE read this from EDF or BDF: {_NOT_KEPT}, unequal rates are resampled, gaps joined; use read_recording"
    )
    return [Finding("READ_BY_MNE", "warning", "file", message)]


@contextmanager
def mne_at_work(where: str, path: str = "") -> Iterator[list[str]]:
    """Make any failure of MNE a ReadError, and collect what it warns of.

    Parameters
    ----------
    where, path : str
        Name for messages; path whose folder is left out of them.

    Yields
    ------
    list of str
        Filled at the end with the warnings, each once and on one line.

    Raises
    ------
    ReadError
        MNE_UNREADABLE.
    """
    told: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield told
        except EmgpipeError:
            raise
        except Exception as error:
            words = _words(f"{type(error).__name__}: {error}", path)
            message = f"MNE cannot read it: {words!r}; export the recording as EDF+ or BDF+"
            raise ReadError("MNE_UNREADABLE", message, where=where) from error
    told += dict.fromkeys(_words(str(warning.message), path) for warning in caught)


def _words(text: str, path: str) -> str:
    """One short line of what MNE says, without the folder."""
    folder = os.path.dirname(os.path.abspath(path)) + os.sep if path else ""  # noqa: PTH100, PTH120
    line = " ".join((text.replace(folder, "") if folder else text).split())
    return line if len(line) <= _LONGEST_WORD else line[:_LONGEST_WORD] + "..."


def told_by_mne(words: Sequence[str]) -> list[Finding]:
    """Make a finding of each warning of MNE's.

    Parameters
    ----------
    words : sequence of str
        As `mne_at_work` collects them.

    Returns
    -------
    list of Finding
        MNE_WARNING.
    """
    return [Finding("MNE_WARNING", "warning", "file", f"MNE says {text!r}; look whether it matters") for text in words]
