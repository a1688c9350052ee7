"""Names of units of work: a hash of everything that the result depends on."""

import hashlib
import json
from collections.abc import Mapping

from emgpipe.filters.settings import ConditionSettings
from emgpipe.frames.model import FRAMES_VERSION
from emgpipe.settings import condition_fingerprint


def content_key(**parts: object) -> str:
    """SHA-256 (hex) of named parts: text, numbers, lists and mappings of these.

    Examples
    --------
    >>> content_key(file="ab", version=1) == content_key(version=1, file="ab")
    True
    >>> content_key(file="ab", version=1) == content_key(file="ab", version=2)
    False
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def frames_key(
    sha256: str,
    condition: ConditionSettings,
    *,
    mains_hz: float,
    channels: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
) -> str:
    """Key of the frames of a file.

    Parameters
    ----------
    sha256 : str
        Of the file's bytes.
    condition : ConditionSettings
        Band and mains settings.
    mains_hz : float
        50 or 60.
    channels, units : mapping, optional
        Label -> muscle or `ECG`, label -> unit, as told to the reader.

    Returns
    -------
    str
        Hex; changes with any of these and with `FRAMES_VERSION`, and with nothing else.
    """
    return content_key(
        file=sha256,
        condition=condition_fingerprint(condition),
        mains_hz=float(mains_hz),
        channels=dict(channels or {}),
        units=dict(units or {}),
        frames=FRAMES_VERSION,
    )
