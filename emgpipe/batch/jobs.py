"""What has to be done for each recording, and the key that says whether it is done."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emgpipe.batch.conditions import Conditions
from emgpipe.filters.prefilter import Prefilter
from emgpipe.frames.model import FRAMES_VERSION
from emgpipe.measures.reference import ReferenceLevel
from emgpipe.settings import TABLES, Settings, check_settings, fingerprint
from emgpipe.store import content_key, frames_key
from emgpipe.study import Entry, Study
from emgpipe.summary.references import Reference

MEASURES_VERSION = 10
"""Part of a unit's key: raised whenever the same frames and settings would give another unit."""


@dataclass(frozen=True)
class Job:
    """One recording and everything that its rows depend on, ready to travel to a worker.

    Attributes
    ----------
    entry : Entry
        Row of `recordings.csv`.
    out : Path
        Results folder.
    settings : Settings
        Resolved.
    mains_hz : int
        50 or 60.
    channels, units, meanings : mapping
        As told by `study.toml`.
    pairs : tuple of str, or None
        `AGONIST/ANTAGONIST`; None: the catalogue's.
    floors : tuple of (kind, name, µV)
        Device floors that may apply.
    reference : str
        Segment of this recording that serves as reference, or `""`.
    strict : bool
        Warnings of the reader refuse the recording.
    levels : tuple of (muscle, ReferenceLevel)
        Reference levels that other recordings of the study give, for muscles that have none in this one.
    """

    entry: Entry
    out: Path
    settings: Settings
    mains_hz: int
    channels: Mapping[str, str]
    units: Mapping[str, str]
    meanings: Mapping[str, str]
    pairs: tuple[str, ...] | None
    floors: tuple[tuple[str, str, float], ...]
    reference: str
    strict: bool = False
    levels: tuple[tuple[str, ReferenceLevel], ...] = ()

    def told(self) -> dict[str, Any]:
        """Facts of the job but the folder, for the unit: pages are drawn from them later."""
        facts = dataclasses.asdict(dataclasses.replace(self, out=Path(), settings=Settings()))
        del facts["out"], facts["settings"]
        facts["entry"] |= {"path": "", "line": 0}  # the same whatever stands around the row
        return {**facts, "settings": {name: dataclasses.asdict(getattr(self.settings, name)) for name in TABLES}}

    @classmethod
    def from_told(cls, facts: Mapping[str, Any], out: Path) -> "Job":
        """Rebuild the job of a unit; its path is not known any more."""
        entry = {**facts["entry"], "path": Path()}
        for name in ("exclude_channels", "prime_mover"):
            entry[name] = tuple(entry[name])
        pairs = facts["pairs"]
        floors = tuple((kind, name, uv) for kind, name, uv in facts["floors"])
        rebuilt = {
            "entry": Entry(**entry), "pairs": None if pairs is None else tuple(pairs), "floors": floors,
            "settings": check_settings(facts["settings"]), "out": out, "levels": told_levels(facts),
        }  # fmt: skip
        return cls(**{**facts, **rebuilt})

    @property
    def unit_path(self) -> Path:
        """Where the unit lies."""
        return self.out / "units" / f"{self.entry.recording}.jsonl"

    def frames_folder(self, sha256: str) -> Path:
        """Where the frames of a file of this hash lie."""
        key = frames_key(
            sha256, self.settings.condition, mains_hz=self.mains_hz, channels=self.channels, units=self.units
        )
        return self.out / "cache" / "frames" / key

    @property
    def declared_rest(self) -> bool:
        """Whether `task` declares rest."""
        return self.entry.task.casefold() == "rest"

    @property
    def conditions(self) -> Conditions:
        """Conditions that `recordings.csv` states, and whose they are."""
        return Conditions(self.entry.subject, self.entry.visit, self.entry.task, self.entry.conditions)

    @property
    def hardware(self) -> Prefilter:
        """Edges of the amplifier's filters that `recordings.csv` states."""
        edges = (self.entry.conditions.get(name, "") for name in ("hw_highpass_hz", "hw_lowpass_hz"))
        return Prefilter(*(float(edge) if edge else None for edge in edges))

    def key(self, sha256: str) -> str:
        """Hash of all that the unit depends on, for a file of this hash."""
        return content_key(
            file=sha256,
            settings=fingerprint(self.settings),
            mains_hz=self.mains_hz,
            channels=dict(self.channels),
            units=dict(self.units),
            meanings=dict(self.meanings),
            pairs=list(self.pairs) if self.pairs is not None else None,
            floors=[list(f) for f in self.floors],
            reference=self.reference,
            rest=self.declared_rest,
            exclude=list(self.entry.exclude_channels),
            prime_mover=list(self.entry.prime_mover),
            hardware=list(self.hardware),
            strict=self.strict,
            levels=[[muscle, *level] for muscle, level in self.levels],
            versions=[FRAMES_VERSION, MEASURES_VERSION],
        )

    def device_uv(self, names: tuple[str, ...]) -> float | None:
        """Device floor stated for a channel (label or muscle), else for the amplifier."""
        channel = [uv for kind, name, uv in self.floors if kind == "channel" and name in names]
        amplifier = [uv for kind, _, uv in self.floors if kind == "amplifier"]
        return next(iter([*channel, *amplifier]), None)


def told_levels(facts: Mapping[str, Any]) -> tuple[tuple[str, ReferenceLevel], ...]:
    """Reference levels of other recordings that a unit was decided with; none in a unit from before there were any."""
    told = facts.get("levels", ())
    return tuple((muscle, ReferenceLevel(uv, tuple(codes), refused)) for muscle, (uv, codes, refused) in told)


def study_jobs(study: Study, out: Path, *, strict: bool = False) -> tuple[Job, ...]:
    """Jobs of a study in the order of its entries; `strict`: warnings of the reader refuse a recording.

    Raises
    ------
    SettingsError
        REFERENCE_IS_REST.
    """
    reference = Reference.parse(study.reference) if study.reference else Reference("", "")
    pairs = tuple(f"{p.agonist}/{p.antagonist}" for p in study.pairs) or None
    jobs = []
    for entry in study.entries:
        amplifier = entry.conditions.get("amplifier", "")
        floors = [("channel", f.channel, f.device_uv) for f in study.floors if f.channel]
        floors += [
            ("amplifier", f.amplifier, f.device_uv) for f in study.floors if f.amplifier and f.amplifier == amplifier
        ]
        here = reference.segment if reference.visit in ("", entry.visit) else ""
        jobs.append(
            Job(
                entry=dataclasses.replace(entry, conditions=dict(entry.conditions)),
                out=out,
                settings=study.settings,
                mains_hz=study.mains_hz,
                channels=dict(study.channels),
                units=dict(study.units),
                meanings=dict(study.segments),
                pairs=pairs,
                floors=tuple(floors),
                reference=here,
                strict=strict,
            )
        )
    return tuple(jobs)


def stat_of(path: Path) -> dict[str, Any] | None:
    """Size and modification time of a file; None where there is none."""
    try:
        told = path.stat()
    except OSError:
        return None
    return {"size": told.st_size, "mtime_ns": told.st_mtime_ns}
