"""`emgpipe check` as its page tells it: what the page prints is what the command prints."""

import json
import re
from pathlib import Path

import pytest

from emgpipe.cli.app import run
from emgpipe.errors.codes import CODES
from tests.handmade import edf_bytes, place_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "intake.md").read_text("utf-8")


def changed(name: str, text: bytes) -> bytes:
    """A good recording with one field changed, of its first signal where signals have one."""
    whole, at = edf_bytes(), place_of(name)
    return whole[: at.start] + text.ljust(at.stop - at.start) + whole[at.stop :]


FILES = {
    "good.edf": edf_bytes(),
    "count.edf": changed("records", b"-1"),
    "comma.edf": changed("physical_min", b"-3276,8"),
    "page.edf": b"<html><body>Not found</body></html>",
}
OF_FRAMES = {"GAP_TOO_LONG"}
"""Told where the frames are made, not by the reader."""
BLOCKS = re.findall(r"```text\n\$ emgpipe (.*?)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("command", "printed"), BLOCKS, ids=[command for command, _ in BLOCKS])
def test_the_page_shows_what_the_command_prints(folder, capsys, command, printed):
    code = run(command.split())
    assert capsys.readouterr().out == printed
    assert code == (3 if "refused: " in printed else 0)


def test_the_page_has_examples_of_every_verdict():
    assert len(BLOCKS) >= 2
    assert all(f"\n{word}: " in PAGE for word in ("ok", "usable", "refused"))


def test_the_page_names_every_code_that_reading_can_say_and_no_other():
    rooms = (ROOT / "emgpipe" / "readers").glob("*.py")
    sources = [path.read_text("utf-8") for path in rooms if not path.name.startswith("mne_")]
    said = {word for text in sources for word in re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', text)} & set(CODES)
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", PAGE))
    # asking for a signal that is not there is no matter of intake
    assert named == said - {"CHANNEL_UNKNOWN"} | OF_FRAMES


def severities() -> dict[str, set[str]]:
    """Codes of the page by the severity under which they stand."""
    parts = re.split(r"^## .*?`(\w+)`$", PAGE, flags=re.MULTILINE)
    return {
        severity: set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", re.split(r"^## ", text, flags=re.MULTILINE)[0]))
        for severity, text in zip(parts[1::2], parts[2::2], strict=True)
    }


@pytest.mark.parametrize(
    ("field", "text", "code", "severity"),
    [
        ("records", b"-1", "RECORD_COUNT", "warning"),
        ("records", b"-2", "RECORD_COUNT", "error"),
        ("signals", b"0", "SIGNAL_COUNT", "error"),
        ("header_bytes", b"256", "HEADER_SIZE", "error"),
        ("record_s", b"0", "RECORD_DURATION", "error"),
        ("samples", b"0", "SAMPLES_PER_RECORD", "error"),
        ("digital_min", b"32767", "DIGITAL_RANGE", "error"),
        ("physical_min", b"3276.7", "SCALE_DEGENERATE", "error"),
        ("physical_min", b"5000", "SCALE_INVERTED", "warning"),
        ("unit", b"", "UNIT_UNKNOWN", "error"),
        ("unit", b"degC", "NOT_A_VOLTAGE", "error"),
        ("date", b"31.02.04", "START_UNKNOWN", "warning"),
        ("reserved", b"EDF+X", "HEADER_RESERVED", "warning"),
        ("reserved", b"", "PLUS_FLAG_LOST", "warning"),
        ("label", b"EMG GM_R", "LABEL_DUPLICATE", "warning"),
        ("label", b"EMG foo", "MUSCLE_UNKNOWN", "warning"),
        ("label", b"EMG TA_R\x1b", "TEXT_CONTROL", "warning"),
        ("prefilter", b"HP:20\xb5", "TEXT_ENCODING", "info"),
    ],
)
def test_a_code_has_the_severity_under_which_it_stands_on_the_page(tmp_path, capsys, field, text, code, severity):
    path = tmp_path / "a.edf"
    path.write_bytes(changed(field, text))
    exit_code = run(["check", "--json", str(path)])
    (told,) = json.loads(capsys.readouterr().out)["files"]
    assert (code, severity) in [(f["code"], f["severity"]) for f in told["findings"]]
    assert code in severities()[severity]
    verdict = {"error": "refused", "warning": "usable", "info": "ok"}[severity]
    assert (told["verdict"], exit_code) == (verdict, 3 if severity == "error" else 0)
    assert run(["check", "--strict", "--quiet", str(path)]) == (0 if severity == "info" else 3)


def test_the_severities_of_the_page_are_those_of_the_code():
    """Every code stands on the page under each severity that the readers give it somewhere, and no other."""
    written: dict[str, set[str]] = {"error": set(), "warning": set(), "info": set()}
    for path in (ROOT / "emgpipe" / "readers").glob("*.py"):
        text = "" if path.name.startswith("mne_") else path.read_text("utf-8")
        for severity, call in (("error", r"(?:\.error|_refusal|ReadError)"), ("warning", r"\.warn")):
            written[severity] |= set(re.findall(rf'{call}\(\s*"([A-Z_]+)"', text))
        for code, severity in re.findall(r'"([A-Z]+_[A-Z_]+)",\s*"(error|warning|info)"', text):
            written[severity].add(code)
        for severity, code in re.findall(r'"(error|warning|info)",\s*"([A-Z]+_[A-Z_]+)"', text):
            written[severity].add(code)
        # a warning above a bound, told below it
        graded = set(re.findall(r'"([A-Z]+_[A-Z_]+)", severity|severity, "([A-Z]+_[A-Z_]+)"', text))
        codes = {code for pair in graded for code in pair if code}
        written["warning"] |= codes
        written["info"] |= codes
    asked = {"CHANNEL_UNKNOWN"}  # of a call, not of a file
    written["error"] |= OF_FRAMES
    assert severities() == {severity: codes - asked for severity, codes in written.items()}


def test_a_number_keeps_its_blanks_in_quotes_and_is_the_same_line_in_every_command(tmp_path, capsys):
    path = tmp_path / "a.edf"
    path.write_bytes(changed("record_s", b"1,5"))
    run(["check", str(path)])
    said = capsys.readouterr().out.splitlines()[1].removeprefix("  error: ")
    assert "found '1,5     '" in said
    run(["measure", str(path), "--mains", "50"])
    assert capsys.readouterr().err.endswith(f"a.edf: {said}\n")


def test_a_recording_without_a_muscle_says_what_to_do_and_what_was_meant(tmp_path, capsys):
    path = tmp_path / "a.edf"
    path.write_bytes(edf_bytes(labels=[b"Soleuss R", b"CH1"]))
    assert run(["measure", str(path), "--mains", "50", "--quiet"]) == 4
    said = capsys.readouterr().err
    assert (
        "NO_CHANNELS: no EMG signal; the file has 'Soleuss R', 'CH1'; name them in [channels] of a study.toml" in said
    )
    assert "did you mean SOL_R" in said
    assert "CH1'?" not in said


def test_every_finding_of_json_has_its_parts_on_one_line(folder, capsys):
    run(["check", "--json", str(folder)])
    found = [f for told in json.loads(capsys.readouterr().out)["files"] for f in told["findings"]]
    assert len(found) == 3
    for finding in found:
        assert list(finding) == ["code", "severity", "where", "message", "found", "allowed", "hint"]
        assert all(text.isprintable() for text in finding.values())
        assert all(finding[name] for name in ("where", "message", "found", "allowed"))


def test_a_folder_is_counted_on_stderr_and_a_single_file_is_not(folder, capsys):
    run(["check", str(folder)])
    assert capsys.readouterr().err == "info: 4 files: 1 ok, 1 usable, 2 refused\n"
    run(["check", str(folder / "good.edf")])
    assert capsys.readouterr().err == ""


def test_many_files_are_judged_in_one_go_and_in_order(tmp_path, capsys):
    data = [edf_bytes(seconds=1), changed("records", b"-1"), b""]
    for n in range(60):
        (tmp_path / f"{n:03}.edf").write_bytes(data[n % 3])
    assert run(["check", str(tmp_path)]) == 3
    out, err = capsys.readouterr()
    verdicts = [line.split(": ")[0] for line in out.splitlines() if not line.startswith(" ")]
    assert verdicts == ["ok", "usable", "refused"] * 20
    assert err == "info: 60 files: 20 ok, 20 usable, 20 refused\n"
