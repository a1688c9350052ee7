"""Frames to verdicts, rows and intervals: everything that is decided about one recording, under one set of settings."""

from collections.abc import Mapping, Sequence

from emgpipe.filters.prefilter import NOT_STATED, Prefilter
from emgpipe.frames.model import Frames, PairCovariance
from emgpipe.frames.stimuli import Stretches
from emgpipe.measures.reference import ReferenceLevel
from emgpipe.pipeline.prepared import prepare
from emgpipe.pipeline.result import Result
from emgpipe.recording import Recording
from emgpipe.settings import Settings


def measure(
    recording: Recording,
    frames: Frames,
    *,
    pairs: Sequence[str] | None = None,
    rest: bool = False,
    settings: Settings | None = None,
    meanings: Mapping[str, str] | None = None,
    device_uv: Mapping[str, float] | None = None,
    exclude: Sequence[str] = (),
    prime_movers: Sequence[str] = (),
    reference: str = "",
    references: Mapping[str, ReferenceLevel] | None = None,
    hardware: Prefilter = NOT_STATED,
    covariances: Mapping[tuple[str, str], PairCovariance | None] | None = None,
    stretches: Mapping[int, Stretches] | None = None,
) -> Result:
    """Decide everything about one recording from its frames.

    Parameters
    ----------
    recording : Recording
        Gives annotations; samples only for crosstalk and stimuli, and only where `covariances` or `stretches` is left
        out.
    frames : Frames
        From `compute_frames`.
    pairs : sequence of str, optional
        `"TA_R/GM_R"`; the catalogue's antagonists that are present where left out.
    rest : bool
        The recording is declared rest (annotations still come first).
    settings : Settings, optional
        Thresholds and usable times.
    meanings : mapping, optional
        Annotation text -> segment, beside the built-in ones.
    device_uv : mapping, optional
        Known device floor, µV RMS in the band, by muscle.
    exclude : sequence of str
        Muscles or labels to leave out, said in rows.
    prime_movers : sequence of str
        Muscles that should be the loudest.
    reference : str
        Segment of this recording that gives the reference of `cc_fw_pct`, with its repeats.
    references : mapping, optional
        Reference levels from other recordings by muscle, for muscles that have none in this one.
    hardware : Prefilter
        Edges of the amplifier's filters as stated beside the file.
    covariances : mapping, optional
        From `pair_covariances`.
    stretches : mapping, optional
        From `evoked_stretches`, of the stimuli that the annotations tell.

    Returns
    -------
    Result

    Raises
    ------
    SettingsError
        PAIR_INVALID, FRAMES_FOREIGN, ARGUMENT_INVALID, REFERENCE_IS_REST.

    Examples
    --------
    >>> from emgpipe.pipeline import compute_frames
    >>> from emgpipe.recording import array_recording
    >>> from emgpipe.simulate import scenario
    >>> channel = scenario("always_active", seed=1, duration_s=70.0)
    >>> recording = array_recording([channel.samples_uv], ["TA_R"], channel.rate_hz)
    >>> result = measure(recording, compute_frames(recording, mains_hz=50), rest=True)
    >>> row = next(r for r in result.rows if r.measure == "act_frac")
    >>> row.value, row.status
    (1.0, 'ok')
    """
    prepared = prepare(
        recording,
        frames,
        pairs=pairs,
        rest=rest,
        meanings=meanings,
        device_uv=device_uv,
        exclude=exclude,
        prime_movers=prime_movers,
        reference=reference,
        references=references,
        hardware=hardware,
        covariances=covariances,
        stretches=stretches,
    )
    return prepared.result(settings or Settings())
