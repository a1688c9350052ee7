"""No identity of a header reaches anything that emgpipe prints, writes or raises, whatever else is wrong with the file.

Sentinels stand in every field that may name a person, a place or a device. Each file is run as it is and damaged in
every other field, cut and shifted, so that messages about the damage are seen too.
"""

import csv
import re
import traceback
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import emgpipe as emg
from emgpipe.cli.app import run
from emgpipe.readers.header import parse_header
from emgpipe.readers.signals import describe_signals
from tests.handmade import FIXED, OF_SIGNAL, edf_bytes, place_of

NAMED = {
    "patient": b"ZQcode-77 F 07-AUG-1951 ZQname_Zqfirst ZQfree",
    "recording": b"Startdate 02-MAR-2004 ZQadmin ZQtech ZQequip_4711 ZQsn-123",
    "reserved": b"EDF+C ZQreserved sn ZQ-4",
    "transducer": b"ZQtransducer sn ZQ-5",
    "signal_reserved": b"ZQsignal sn ZQ-6",
}
SENTINELS = (b"zq", b"aug-1951", b"1951-08")
HARMLESS = ("version", "date", "time", "header_bytes", "records", "record_s", "signals", "label", "unit",
            "physical_min", "physical_max", "digital_min", "digital_max", "prefilter", "samples")  # fmt: skip
JUNK = (b"", b"#?", b"-7", b"9999", b"1,5", b"\xff\x1b")


def damaged() -> dict[str, bytes]:
    """The file as it is, every other field damaged, cuts, and bytes lost or won before each field."""
    whole = edf_bytes(fields=NAMED)
    files = {"whole": whole}
    for name in HARMLESS:
        at = place_of(name)
        for n, junk in enumerate(JUNK):
            files[f"{name}_{n}"] = (
                whole[: at.start] + junk.ljust(at.stop - at.start)[: at.stop - at.start] + whole[at.stop :]
            )
    for name in (*FIXED, *OF_SIGNAL):
        start = place_of(name).start
        files[f"cut_{name}"] = whole[: start + 3]
        for n in (1, 8, 80):
            files[f"lost_{name}_{n}"] = whole[:start] + whole[start + n :]
            files[f"won_{name}_{n}"] = whole[:start] + b" " * n + whole[start:]
    for n in (1, 8, 16, 88, 168):
        files[f"headless_{n}"] = whole[n:]
    flag = place_of("reserved")
    for n, text in enumerate((b"EDF+X", b"EDF+D", b"BDF+C", b"", b"ZQonly")):
        files[f"flag_{n}"] = whole[: flag.start] + (text + b" ZQr").ljust(44) + whole[flag.stop :]
    for name in ("patient", "recording", "transducer", "signal_reserved"):
        start = place_of(name).start
        files[f"odd_{name}"] = whole[:start] + b"ZQ\x1b\xe9\x07" + whole[start + 5 :]
    files["long"] = whole + b"ZQtail"
    files["short"] = whole[:-100]
    return files


def told(data: bytes | str) -> list[bytes]:
    """Sentinels that stand in a text or in bytes."""
    raw = data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")
    return [sentinel for sentinel in SENTINELS if sentinel in raw.lower()]


def in_file(path: Path) -> list[bytes]:
    """Sentinels in a file; whole words among numbers, where two letters may stand by chance; not in pictures."""
    data = path.read_bytes()
    if path.suffix in (".npy", ".parquet"):
        return [word for field in NAMED.values() for word in re.findall(rb"ZQ\w{3,}", field) if word in data]
    return told(re.sub(rb"[A-Za-z0-9+/=]{100,}", b"", data))


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return damaged()


@pytest.fixture(scope="module")
def folder(files, tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("recordings")
    for name, data in files.items():
        (made / f"{name}.edf").write_bytes(data)
    return made


@pytest.fixture
def said(capfd):
    """Everything a command writes to both streams."""

    def call(*arguments: object) -> str:
        run([str(a) for a in arguments])
        return "".join(capfd.readouterr())

    return call


def test_the_sentinels_are_in_the_files(files):
    assert all(told(data) for data in files.values() if len(data) > 30)
    assert len(files) > 150


@pytest.mark.parametrize("options", [[], ["--json"], ["--strict"], ["--debug"], ["--log-format", "jsonl"]])
def test_check_tells_nothing(said, folder, files, options):
    out = said("check", folder, *options)
    assert told(out) == []
    assert out.count(".edf") >= len(files)


def test_what_is_read_and_raised_tells_nothing(folder, files):
    for name in files:
        try:
            recording = emg.read_recording(folder / f"{name}.edf")
        except emg.ReadError as error:
            texts = [str(error), repr(error), repr(error.args), "".join(traceback.format_exception(error))]
        else:
            texts = [repr(recording), str(recording), repr(recording.signals), repr(recording.findings)]
            texts += [recording.name, repr(recording.annotations)]
        assert [told(text) for text in texts if told(text)] == [], name


SERIALS = {
    "words": (b"Zqkwvj 02-MAY-1951", b"Zqkwvj SN9357926", b"Zqkwvj 9357"),
    "digits": (b"93579268", b"93579268", b"93579268"),
    "digits at the right": (b"93579268".rjust(80), b"93579268".rjust(80), b"93579268".rjust(32)),
    "digits and blanks": (b"93579268 " * 8, b"93579268 " * 8, b"93579268" * 4),
    "no reserved": (b"Zqkwvj 93579268", b"Zqkwvj 93579268", b""),
}
"""Patient (recording and reserved of the file, too), transducer and reserved of a signal."""
HEAD = 256 * 4


def with_serial(name: str, labels: tuple[bytes, ...] = (b"EMG TA_R", b"EMG GM_R")) -> bytes:
    patient, transducer, reserved = SERIALS[name]
    named = {"patient": patient, "recording": patient, "transducer": transducer, "signal_reserved": reserved}
    return edf_bytes(labels=labels, seconds=2, fields=named | {"reserved": (b"EDF+C " + patient.strip())[:44]})


def fragments(text: str) -> list[str]:
    """Four letters or digits in a row of a name or a serial number."""
    identities = ("zqkwvj", "93579268", "9357926893579268", "may-1951")
    return [w[i : i + 4] for w in identities for i in range(len(w) - 3) if w[i : i + 4] in text.lower()]


def shifted(data: bytes, at: int, n: int) -> bytes:
    """The file with `n` bytes lost (n < 0) or won in its header."""
    return data[:at] + (data[at - n :] if n < 0 else b" " * n + data[at:])


def said_of(data: bytes) -> str:
    """Everything that the header of a file comes to, for people: findings, and signals where it is read."""
    header, findings = parse_header(data, len(data))
    if header is None:
        return repr(findings)
    described = describe_signals(header, {}, {})
    return repr(findings + described.findings) + repr(described.signals)


@pytest.mark.parametrize("name", SERIALS)
@pytest.mark.parametrize("n", [-16, -32, -48, -96, 16, 32, 48, -8, 8, -80, 80, -3, 3])
def test_bytes_lost_before_any_field_move_no_name_into_a_finding(name, n):
    whole = with_serial(name)
    for at in range(8, HEAD, 8):
        assert fragments(said_of(shifted(whole, at, n))) == [], (at, n)


@example(name="digits and blanks", labels=(b"EMG TA_R",), at=8, n=86, is_plain=False)
@example(name="digits and blanks", labels=(b"EMG TA_R",), at=8, n=111, is_plain=False)
@given(
    name=st.sampled_from(sorted(SERIALS)),
    labels=st.sampled_from([(b"EMG TA_R",), (b"EMG TA_R", b"EMG GM_R"), (b"EMG TA_R", b"EMG GM_R", b"ECG")]),
    at=st.integers(8, HEAD),
    n=st.integers(-300, 300),
    is_plain=st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_no_cut_and_no_insert_moves_a_name_into_a_finding(name, labels, at, n, is_plain):
    whole = with_serial(name, labels)
    if is_plain:
        whole = whole.replace(b"EDF Annotations", b"Status         ").replace(b"EDF+C", b"     ")
    assert fragments(said_of(shifted(whole, at, n))) == []


def test_the_search_for_fragments_finds_them():
    assert set(fragments("SN 9268, Zqkw")) == {"zqkw", "9268"}
    assert any(fragments(repr(with_serial(name))) for name in SERIALS)


def test_the_transducer_is_at_hand_but_in_no_repr(folder):
    signal = emg.read_recording(folder / "whole.edf").signals[0]
    assert signal.transducer.startswith("ZQtransducer")
    assert told(repr(signal)) == []


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_measure_tells_nothing(said, folder, form):
    for name in ("whole", "unit_1", "physical_min_1", "records_3", "flag_0", "odd_transducer", "short"):
        out = said("measure", folder / f"{name}.edf", "--mains", 50, "--rest", "--format", form, "--debug")
        assert out
        assert told(out) == [], name


def test_a_draft_tells_nothing_and_takes_subjects_from_names_of_files(said, files, tmp_path):
    for name, data in (*files.items(), ("P07_V1_rest", files["whole"])):
        (tmp_path / f"{name}.edf").write_bytes(data)
    said("init", tmp_path)
    for name in ("study.toml", "recordings.csv"):
        assert told((tmp_path / name).read_bytes()) == [], name
    with (tmp_path / "recordings.csv").open(newline="") as stream:
        subjects = {row["file"]: row["subject"] for row in csv.DictReader(stream)}
    assert subjects["P07_V1_rest.edf"] == "P07"


RUN = ("whole", "short", "long", "records_3", "records_0", "unit_1", "unit_5", "physical_min_1", "digital_min_4",
       "label_5", "date_1", "signals_2", "cut_unit", "flag_0", "flag_3", "odd_transducer", "odd_patient", "won_unit_8",
       "headless_8", "lost_patient_80", "prefilter_5")  # fmt: skip


def test_a_run_with_its_pages_tells_nothing(said, files, tmp_path):
    study, out = tmp_path / "study", tmp_path / "out"
    study.mkdir()
    rows = ["subject,visit,file,task", *(f"P{n:02},V1,{name}.edf,rest" for n, name in enumerate(RUN))]
    for name in RUN:
        (study / f"{name}.edf").write_bytes(files[name])
    (study / "recordings.csv").write_text("\n".join(rows))
    (study / "study.toml").write_text('[study]\nid = "TINY"\nmains_hz = 50\n')
    text = said("run", study, "-o", out, "-j", 1, "--debug") + said("report", out)
    text += said("run", study / "study.toml", "-o", out, "-j", 1, "--log-format", "jsonl")
    text += said("run", study, "-o", out, "--dry-run", "--retry-failed") + said(
        "run", study, "-o", out, "-j", 1, "--retry-failed"
    )
    text += said("verify", out, "--recompute", 3, "--debug") + said("verify", out, "--format", "json")
    (out / "units" / "P00_V1_rest.jsonl").write_text("changed")
    text += said("run", study, "-o", out, "--dry-run") + said("verify", out)
    text += said("diff", out, out, "--debug")
    text += said("run", study, "-o", out, "-j", 2, "--debug")
    assert told(text) == []
    left = [path for path in out.rglob("*") if path.is_file()]
    assert {"whole.edf", "headless_8.edf"} <= {
        row["file"] for row in csv.DictReader((out / "inputs.csv").read_text("utf-8").splitlines())
    }
    assert {"log.jsonl", "run.json", "run.json.sha256", "P00_V1_rest.jsonl", "meta.json", "index.html"} <= {
        path.name for path in left
    }
    assert [str(path) for path in left if in_file(path) or told(str(path.relative_to(out)))] == []


def test_results_in_memory_tell_nothing(folder):
    recording = emg.read_recording(folder / "whole.edf")
    frames = emg.compute_frames(recording, mains_hz=50)
    result = emg.measure(recording, frames, rest=True)
    for thing in (frames, frames.channels, result, result.rows, result.findings, result.table.to_csv()):
        assert told(repr(thing)) == []


def test_the_bridge_to_mne_takes_no_identity_along(folder):
    pytest.importorskip("mne")
    raw = emg.to_mne(emg.read_recording(folder / "whole.edf"))
    assert told(repr(dict(raw.info)) + repr(raw) + repr(raw.annotations.description.tolist())) == []
    raw.info["subject_info"] = {"his_id": "ZQcode", "last_name": "ZQname"}
    raw.info["device_info"] = {"type": "ZQ", "model": "ZQ", "serial": "ZQ-1"}
    back = emg.from_mne(raw)
    assert told(repr(back) + repr(back.findings) + back.name) == []
    assert np.isfinite(back.read(0, 0.0, 1.0)).all()
