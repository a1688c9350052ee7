"""From `study.toml` and `recordings.csv` to one frozen `Study`."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from emgpipe.errors import SettingsError, StudyError
from emgpipe.settings import TABLES, Settings, check_settings, load_settings, nearest, parse_toml, place_of, read_text
from emgpipe.study.inside import path_inside
from emgpipe.study.manifest import Entry, parse_manifest
from emgpipe.study.model import Floor, Pair, StudyFile, check_study_file
from emgpipe.summary.references import Reference

PRESETS = ("plain", "sps-crossover")


@dataclass(frozen=True)
class Study:
    """A study as its files tell it, settings resolved.

    Attributes
    ----------
    path, folder : Path
        `study.toml` and the folder it lies in.
    id : str
        Name of the study.
    mains_hz : int
        50 or 60.
    preset : str
        Name of the packaged defaults.
    channels, units : mapping of str to str
        EDF label -> muscle or `ECG`; EDF label -> unit.
    pairs : tuple of Pair
        Empty: the catalogue's antagonists that are present.
    floors : tuple of Floor
        What is known of amplifiers and channels.
    segments : mapping of str to str
        Annotation -> meaning, on top of the names known anyway; see `segment_of`.
    index_muscles : tuple of str
        Muscles of the rigidity index; empty: it is not measured.
    index_offset_uv : float
        Added before the logarithm, µV.
    reference : str
        Such as `"same visit: mvc"`, or `""`.
    settings : Settings
        Preset, then `study.toml`, then the settings file.
    entries : tuple of Entry
        Sorted by subject, visit, task, run.
    """

    path: Path
    folder: Path
    id: str
    mains_hz: int
    preset: str
    channels: Mapping[str, str]
    units: Mapping[str, str]
    pairs: tuple[Pair, ...]
    floors: tuple[Floor, ...]
    segments: Mapping[str, str]
    index_muscles: tuple[str, ...]
    index_offset_uv: float
    reference: str
    settings: Settings
    entries: tuple[Entry, ...]

    def device_floor_uv(self, channels: tuple[str, ...], amplifier: str = "") -> float | None:
        """Device noise stated for a channel, else for its amplifier; None where neither is.

        Parameters
        ----------
        channels : tuple of str
            Names of the channel: label and muscle.
        amplifier : str
            Of the recording, `Entry.conditions["amplifier"]`.

        Returns
        -------
        float or None
            µV RMS in the band.
        """
        for floor in self.floors:
            if floor.channel and floor.channel in channels:
                return floor.device_uv
        for floor in self.floors:
            if floor.amplifier and floor.amplifier == amplifier:
                return floor.device_uv
        return None


def load_study(path: str | Path, *, settings: str | Path | None = None, allow_outside: bool = False) -> Study:
    r"""Read a study; everything in its two files is checked before this returns.

    Parameters
    ----------
    path : str or Path
        A `study.toml`, or a folder that holds one.
    settings : str or Path, optional
        A settings file, laid over what the study says.
    allow_outside : bool
        Accept files outside the study folder: recordings, `recordings.csv`, and a `study.toml` that is a link.

    Returns
    -------
    Study
        Files that are missing are kept: they become failed rows.

    Raises
    ------
    SettingsError, StudyError
        TEXT_UNREADABLE, TOML_INVALID, SETTING_UNKNOWN, SETTING_MISSING, SETTING_INVALID, REFERENCE_UNKNOWN,
        REFERENCE_IS_REST, FILE_OUTSIDE, and those of `parse_manifest`; each names its file, and the line where there is
        one.
    NoInputError
        NO_RECORDINGS.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "study.toml").write_text('[study]\nid = "SPS"\nmains_hz = 50\n')
    ...     _ = (Path(folder) / "recordings.csv").write_text("subject,visit,file,task\nP01,V1,a.edf,rest\n")
    ...     study = load_study(folder)
    >>> study.id, study.mains_hz, [entry.recording for entry in study.entries]
    ('SPS', 50, ['P01_V1_rest'])
    """
    file = Path(path) / "study.toml" if Path(path).is_dir() else Path(path)
    root = file.parent.resolve()
    path_inside(file.name, root, what="study", where=str(file), allow_outside=allow_outside)
    text = read_text(file, error=StudyError)
    tables = parse_toml(text, where=str(file), error=StudyError)
    tables = _over_preset(tables, text, str(file))
    chosen = check_settings({k: v for k, v in tables.items() if k in TABLES}, where=str(file), text=text)
    if settings is not None:
        chosen = load_settings(settings, base=chosen)
    told = check_study_file({k: v for k, v in tables.items() if k not in TABLES}, where=str(file), text=text)
    place = place_of(text, ("study", "recordings"), str(file))
    path_inside(told.study.recordings, root, what="study.recordings", where=place, allow_outside=allow_outside)
    manifest = file.parent / told.study.recordings
    entries = parse_manifest(
        read_text(manifest, error=StudyError), file.parent, where=str(manifest), allow_outside=allow_outside
    )
    _check_reference(told.subject.reference, entries, place_of(text, ("subject", "reference"), str(file)))
    return _study(file, told, chosen, entries)


def _check_reference(reference: str | None, entries: tuple[Entry, ...], place: str) -> None:
    """Refuse a reference at a visit that no row of `recordings.csv` has."""
    try:
        visit = Reference.parse(reference).visit if reference else ""
    except SettingsError as problem:
        raise StudyError(problem.code, problem.message, where=place) from None
    visits = sorted({entry.visit for entry in entries})
    if visit and visit not in visits:
        message = (
            f"subject.reference = {reference!r}; no recording is of visit {visit!r}, known are {', '.join(visits)}"
        )
        raise StudyError("REFERENCE_UNKNOWN", message, where=place)


def _study(file: Path, told: StudyFile, settings: Settings, entries: tuple[Entry, ...]) -> Study:
    return Study(
        path=file,
        folder=file.parent,
        id=told.study.id,
        mains_hz=told.study.mains_hz,
        preset=told.study.preset,
        channels=told.channels,
        units=told.units,
        pairs=told.pairs,
        floors=told.floor,
        segments=told.segments,
        index_muscles=told.subject.index_muscles,
        index_offset_uv=told.subject.index_offset_uv,
        reference=told.subject.reference or "",
        settings=settings,
        entries=entries,
    )


def preset_tables(name: str) -> dict[str, Any]:
    """Tables of a packaged preset, `plain` or `sps-crossover`."""
    text = files("emgpipe.study").joinpath("presets", f"{name}.toml").read_text(encoding="utf-8")
    return parse_toml(text, where=f"preset {name}")


def _over_preset(tables: dict[str, Any], text: str, where: str) -> dict[str, Any]:
    """Tables of the file over those of its preset; what is wrong with the file itself is left to the checks."""
    table = tables.get("study")
    name = table.get("preset", "plain") if isinstance(table, dict) else "plain"
    if name not in PRESETS:
        message = f"study.preset = {str(name)[:60]!r}; {nearest(str(name), PRESETS)}"
        raise StudyError("SETTING_INVALID", message, where=place_of(text, ("study", "preset"), where))
    merged = dict(tables)
    for key, below in preset_tables(name).items():
        above = tables.get(key, {})
        merged[key] = {**below, **above} if isinstance(above, dict) else above
    return merged
