"""What a caller of `measure` says, checked before anything is decided."""

import math
from collections.abc import Mapping, Sequence

from emgpipe.errors import SettingsError
from emgpipe.frames.model import Frames
from emgpipe.measures.reference import is_own_reference
from emgpipe.muscles import pairs_present
from emgpipe.recording import Recording


def check_arguments(
    recording: Recording,
    frames: Frames,
    device_uv: Mapping[str, float],
    reference: str = "",
    **names: Sequence[str] | None,
) -> None:
    """Refuse what cannot be meant.

    Parameters
    ----------
    recording, frames : Recording, Frames
        The frames must be those of the recording.
    device_uv : mapping
        Device floors, µV.
    reference : str
        Segment that gives the reference; `""` for none.
    **names : sequence of str or None
        Lists of names, by argument.

    Raises
    ------
    SettingsError
        FRAMES_FOREIGN: another hash or another duration. ARGUMENT_INVALID: a device floor that is no
        positive number, or one text where a list of texts is needed. REFERENCE_IS_REST.
    """
    if is_own_reference(reference):
        message = f"reference {reference!r}; name a reference or mvc segment: rest cannot be its own reference"
        raise SettingsError("REFERENCE_IS_REST", message)
    if (recording.sha256, recording.duration_s) != (frames.sha256, frames.duration_s):
        message = f"frames of {frames.duration_s:g} s do not belong to {recording.name!r} of {recording.duration_s:g} s"
        raise SettingsError("FRAMES_FOREIGN", f"{message}; compute them from it")
    for name, uv in device_uv.items():
        if not (isinstance(uv, int | float) and math.isfinite(uv) and uv > 0):
            raise SettingsError("ARGUMENT_INVALID", f"device_uv of {name!r} is {uv!r}; a number above 0, in µV")
    for argument, given in names.items():
        if isinstance(given, str) or not all(isinstance(name, str) for name in given or ()):
            raise SettingsError("ARGUMENT_INVALID", f"{argument} is {given!r}; a list of texts is needed, as ['TA_R']")


def pair_list(pairs: Sequence[str] | None, frames: Frames) -> list[tuple[str, str]]:
    """Pairs as (agonist, antagonist); the catalogue's that are present where none are given.

    Raises
    ------
    SettingsError
        PAIR_INVALID.
    """
    if pairs is None:
        return [(a, b) for a, b in pairs_present([c.muscle for c in frames.channels if c.muscle])]
    out = []
    for text in pairs:
        parts = text.strip().split("/")
        if len(parts) != 2 or not all(parts) or parts[0] == parts[1]:
            raise SettingsError("PAIR_INVALID", f"pair {text!r}; write AGONIST/ANTAGONIST, such as 'TA_R/GM_R'")
        out.append((parts[0], parts[1]))
    return out
