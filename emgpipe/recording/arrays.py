"""A recording made from arrays in memory."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emgpipe.errors import SettingsError
from emgpipe.recording.model import Annotation, Kind, Recording, Run, Signal


def array_recording(
    samples_uv: Sequence[NDArray[np.floating]],
    labels: Sequence[str],
    rate_hz: float | Sequence[float],
    *,
    muscles: Sequence[str] | None = None,
    kinds: Sequence[Kind] | None = None,
    annotations: Sequence[Annotation] = (),
    lsb_uv: float = 0.05,
    clip_uv: float = 5000.0,
    name: str = "array",
    sha256: str = "",
) -> Recording:
    """Make a recording from arrays in µV.

    Parameters
    ----------
    samples_uv : sequence of ndarray, each shape (n_samples,)
        µV; one array a signal.
    labels : sequence of str
        One a signal.
    rate_hz : float or sequence of float
        Samples per second, common or one a signal.
    muscles : sequence of str, optional
        One a signal; the label itself where left out.
    kinds : sequence of str, optional
        One a signal; `emg` where left out.
    annotations : sequence of Annotation
        Marks.
    lsb_uv, clip_uv : float
        Digital step and largest magnitude that count as recordable, µV.
    name, sha256 : str
        As in `Recording`.

    Returns
    -------
    Recording

    Raises
    ------
    SettingsError
        SAMPLES_NOT_FINITE: NaN, infinite or beyond float32. Nothing is interpolated in silence.

    Examples
    --------
    >>> import numpy as np
    >>> recording = array_recording([np.zeros(2000)], ["TA_R"], 1000.0)
    >>> recording.duration_s, recording.read("TA_R", 0.5, 0.502).tolist()
    (2.0, [0.0, 0.0])
    """
    stored = [finite_samples(x, label, name) for x, label in zip(samples_uv, labels, strict=True)]
    rates = [float(rate_hz)] * len(stored) if isinstance(rate_hz, int | float) else [float(r) for r in rate_hz]
    signals = tuple(
        Signal(i, label, (muscles or labels)[i], (kinds or ["emg"] * len(stored))[i], "uV", rates[i], len(stored[i]),
               lsb_uv, -clip_uv, clip_uv)
        for i, label in enumerate(labels)
    )  # fmt: skip
    duration_s = max((len(x) / r for x, r in zip(stored, rates, strict=True)), default=0.0)
    return Recording(
        name=name,
        start=None,
        duration_s=duration_s,
        signals=signals,
        runs=(Run(0.0, duration_s),),
        annotations=tuple(sorted(annotations, key=lambda mark: mark.onset_s)),
        findings=(),
        sha256=sha256,
        read_samples=lambda index, first, stop: stored[index][first:stop],
    )


def finite_samples(samples_uv: NDArray[np.floating], label: str, where: str) -> NDArray[np.float32]:
    """Samples of one signal as float32, all of them numbers.

    Parameters
    ----------
    samples_uv : ndarray, shape (n_samples,)
        µV.
    label, where : str
        Signal and recording, for the message.

    Returns
    -------
    ndarray of float32, shape (n_samples,)

    Raises
    ------
    SettingsError
        SAMPLES_NOT_FINITE.
    """
    with np.errstate(over="ignore"):
        stored = np.asarray(samples_uv, np.float32)
    wrong = np.flatnonzero(~np.isfinite(stored))
    if len(wrong):
        found = f"signal {label!r} has {len(wrong)} samples that are no finite number, the first at {wrong[0]}"
        message = f"{found}; cut it there, or fill them knowingly and mark them BAD_"
        raise SettingsError("SAMPLES_NOT_FINITE", message, where=where)
    return stored
