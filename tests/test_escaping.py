"""Labels, marks, units and names are data: no page, table, log or terminal takes them for anything else."""

import csv
import io
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

import emgpipe as emg
from emgpipe.cli.app import run
from emgpipe.errors import printable
from emgpipe.reports.pages import policy
from emgpipe.reports.viewer import view_script
from emgpipe.store import cell_text
from tests.handmade import edf_bytes

ROOT = Path(__file__).parents[1]
HARMLESS = (b"EMG aa", b"EMG bb")
LABELS = {
    "markup": (b"EMG <script>a()", b'"><img onerror=x'),
    "style": (b"EMG </style>", b"EMG </title><b>&"),
    "entity": (b"EMG &lt;b&gt;", b"EMG {{ 7*7 }} %}"),
    "control": (b"EMG a\x1b[31m", b"EMG \x07\x08\r\nb\t"),
    "c1": ("EMG a\x9b31m\x7f".encode(), "EMG \x85b".encode()),
    "bidi": ("EMG a\u202eb".encode(), "EMG \u2066b\ufeff".encode()),
    "line": ("EMG a\u2028b".encode(), "EMG \u2029b\u200b".encode()),
    "surrogate": (b"EMG \xed\xa0\x80a", b"EMG \xff\xfe\xc0b"),
    "formula": (b"=EMG+cmd|'/C'!A", b"@EMG SUM(1)"),
    "signs": (b"+EMG 1", b"-EMG 2"),
    "guarded": (b"'=EMG", b"''EMG"),
    "math": (b"EMG $TA_R$ {", b"EMG $\\frac{a}$^_"),
    "csv": (b'EMG a,"b"', b"EMG ;a\\x1b"),
}
NOTE = "rest\x1b]0;x\x07 <script>a()</script> \u202e\u2028 $x_{$ =1+1 " + "long " * 2000
STUDY = '[study]\nid = "TINY"\nmains_hz = 50\n[channels]\n'


class Tags(HTMLParser):
    """Elements of a page in their order, with the names of their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen, self.policies = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, tuple(name for name, _ in attrs)))
        if dict(attrs).get("http-equiv") == "Content-Security-Policy":
            self.policies.append(dict(attrs)["content"])


def recording(labels=HARMLESS, note="rest note", seed=1) -> bytes:
    text = note.encode("utf-8", "surrogatepass")
    return edf_bytes(labels=labels, marks=(b"+0\x1512\x14rest\x14\0", b"+2\x14" + text + b"\x14\0"), seed=seed)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Path:
    """One recording for each kind of label, each with a hostile mark."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, labels in LABELS.items():
        (folder / f"{name}.edf").write_bytes(recording(labels, NOTE))
    return folder


@pytest.fixture
def said(capfd):
    def call(*arguments: object) -> tuple[int, str, str]:
        code = run([str(a) for a in arguments])
        return code, *capfd.readouterr()

    return call


def assert_lines_only(text: str) -> None:
    """Nothing but printable letters and line ends."""
    assert sorted({c for c in text if not c.isprintable() and c != "\n"}) == []


def test_the_labels_are_read_as_they_are(hostile):
    one = emg.read_recording(hostile / "control.edf")
    assert one.signals[0].label == "EMG a\x1b[31m"
    assert NOTE in [mark.text for mark in one.annotations]


@pytest.mark.parametrize("options", [(), ("--json",), ("--debug",), ("--log-format", "jsonl")])
def test_check_writes_no_control_character(said, hostile, options):
    _, out, err = said("check", hostile, *options)
    assert_lines_only(out + err)
    if options == ("--json",):
        assert len(json.loads(out)["files"]) == len(LABELS)


@pytest.mark.parametrize("name", LABELS)
def test_measure_writes_no_control_character_and_sound_tables(said, hostile, name):
    path = hostile / f"{name}.edf"
    there = {s.muscle or s.label for s in emg.read_recording(path).signals if s.kind == "emg"}
    if not there:
        pytest.skip("both labels of this file are no EMG labels")
    rows = {}
    for form in ("table", "csv", "json"):
        code, out, err = said("measure", path, "--mains", 50, "--format", form)
        assert code == 0
        assert_lines_only(out + err)
        rows[form] = out
    told = json.loads(rows["json"])["rows"]
    table = list(csv.DictReader(io.StringIO(rows["csv"])))
    assert len(table) == len(told) == len(rows["table"].splitlines()) - 1
    assert {row["target"] for row in told if row["target_kind"] == "muscle"} == there
    for cells, row in zip(table, told, strict=True):
        assert_cell(cells["target"], row["target"])
        assert cells["value"] == ("" if row["value"] is None else repr(row["value"]))


def assert_cell(written: str, text: str) -> None:
    """One line, no formula, and the text when the guard is taken off."""
    assert written.isprintable()
    assert not written.startswith(("=", "+", "-", "@"))
    assert cell_text(written) == printable(text)


def test_lines_of_json_on_stderr_are_json(said, hostile, tmp_path):
    bad = tmp_path / "a\x7f\x1b\u2028.edf"
    bad.write_bytes(b"")
    for arguments in (["measure", bad, "--mains", 50], ["measure", hostile / "control.edf", "--mains", 50]):
        _, _, err = said(*arguments, "--log-format", "jsonl")
        assert err
        assert all(json.loads(line)["code"] for line in err.splitlines())


@pytest.mark.parametrize(
    "name", ["a\x1b[31m\nb\x7f.edf", "=cmd.edf", "a\u202e\u2028.edf", "\udcff\udc80.edf", "x" * 240 + ".edf"]
)
@pytest.mark.parametrize("damage", [None, b"#!"])
def test_a_file_name_is_written_out_and_forges_no_line(said, tmp_path, name, damage):
    path = tmp_path / name
    path.write_bytes(damage or recording())
    for arguments in (
        ["check", path],
        ["check", path, "--json"],
        ["check", tmp_path],
        ["measure", path, "--mains", 50],
    ):
        code, out, err = said(*arguments, "--debug")
        assert code == (3 if damage else 0)
        assert_lines_only(out + err)
    if damage:
        with pytest.raises(emg.ReadError) as caught:
            emg.read_recording(path)
        assert str(caught.value).isprintable()


def test_a_fault_of_ours_is_written_out_with_its_traceback_too(said, tmp_path, monkeypatch):
    def fail(path):
        raise ValueError("a\x1b[31m\x7f\u202e")

    monkeypatch.setattr("emgpipe.cli.checking.check_file", fail)
    code, out, err = said("check", tmp_path / "a.edf", "--debug")
    assert (code, out, err.startswith("Traceback")) == (1, "", True)
    assert_lines_only(err)


def test_a_folder_is_written_out_in_every_line(said, tmp_path):
    study = tmp_path / "a\x1b[31m\n\udcff"
    study.mkdir()
    (study / "P01_V1_rest.edf").write_bytes(recording())
    for arguments in (
        ["init", study],
        ["run", study, "-o", study / "out"],
        ["report", study / "out"],
        ["check", study],
    ):
        _, out, err = said(*arguments, "--debug")
        assert out + err
        assert_lines_only(out + err)


def test_a_draft_of_odd_names_can_be_read_back(said, tmp_path):
    names = ["=P01_V1_rest.edf", 'a,"b".edf', "P02\x1b.edf", "\udcff.edf"]
    for n, name in enumerate(names):  # copies of one recording would be left out
        (tmp_path / name).write_bytes(recording()[:-1] + bytes([n]))
    code, out, err = said("init", tmp_path)
    assert code == 0
    assert_lines_only(out + err)
    text = (tmp_path / "recordings.csv").read_text("utf-8")
    assert_lines_only(text + (tmp_path / "study.toml").read_text("utf-8"))
    files = [row["file"] for row in csv.DictReader(io.StringIO(text))]
    assert {"'=P01_V1_rest.edf", 'a,"b".edf'} <= set(files)
    rows = "subject,visit,file,task\nP01,V1,'=P01_V1_rest.edf,rest\n"
    (tmp_path / "recordings.csv").write_text(rows)
    (tmp_path / "study.toml").write_text(STUDY)
    assert said("run", tmp_path, "-o", tmp_path / "out", "-j", 1, "--no-report")[0] == 0


def toml_text(text: str) -> str:
    return '"' + "".join(c if c.isalnum() or c == " " else f"\\u{ord(c):04x}" for c in text) + '"'


def results(folder: Path, recordings: dict[str, bytes]) -> Path:
    """Results and pages of a study of these recordings; every channel is named by its label."""
    study = folder / "study"
    study.mkdir()
    rows = ["subject,visit,file,task,posture"]
    for n, (name, data) in enumerate(recordings.items()):
        (study / f"{name}.edf").write_bytes(data)
        rows.append(f"P{n:02},V1,{name}.edf,rest,supine")
    (study / "recordings.csv").write_text("\n".join(rows), encoding="utf-8")
    (study / "study.toml").write_text(STUDY)
    assert run(["run", str(study), "-o", str(folder / "out"), "-j", "1", "--quiet"]) == 0
    return folder / "out"


@pytest.fixture(scope="module")
def outs(hostile, tmp_path_factory) -> tuple[Path, Path]:
    """The same study twice: with hostile labels and marks, and with harmless ones at the same places."""
    found = {}
    for name in LABELS:
        signals = emg.read_recording(hostile / f"{name}.edf").signals
        if all(signal.kind == "emg" for signal in signals):
            found[name] = (hostile / f"{name}.edf").read_bytes()
    return (
        results(tmp_path_factory.mktemp("bad"), found),
        results(tmp_path_factory.mktemp("good"), {name: recording(seed=n) for n, name in enumerate(found)}),
    )


def without_scripts(page: str) -> str:
    """A page without the script that draws and without what it reads, which holds no sign that HTML knows."""
    data = re.compile(r"(<script type=\"application/json\" data-view>)([^<>&]*)</script>")
    return data.sub("", page.replace(f"<script>{view_script()}</script>", ""))


def test_no_element_of_a_page_is_made_from_data(outs):
    bad, good = outs
    pages = sorted(path.name for path in (good / "reports").glob("*.html"))
    assert len(pages) >= 8
    for name in pages:
        one, other = ((out / "reports" / name).read_text("utf-8") for out in outs)
        assert_lines_only(one.replace("\xa0", " "))
        assert not re.search(r"<(img src=x|b>|iframe)|onerror=x[^&]", without_scripts(one).replace("&quot;", ""))
        kinds = [re.sub(r"\s+", " ", str(sorted(set(Tags(text).seen)))) for text in (one, other)]
        assert kinds[0] == kinds[1], name
    assert (bad / "reports" / "index.html").is_file()


def test_a_page_allows_nothing_but_its_own_style_and_pictures(outs):
    for page in (outs[0] / "reports").glob("*.html"):
        text = page.read_text("utf-8")
        drawn = "data-view" in text
        assert Tags(text).policies == [policy([view_script()] if drawn else [])]
        assert re.findall(r"<script>(.*?)</script>", text, re.DOTALL) == [view_script()] * drawn
        assert "<script" not in without_scripts(text)


def test_each_label_stands_once_on_its_page(outs):
    names = list(csv.DictReader(io.StringIO((outs[0] / "inputs.csv").read_text("utf-8"))))
    for row in names:
        page = (outs[0] / "reports" / f"visit.{row['subject']}.V1.html").read_text("utf-8")
        assert "no trace." not in page, row["file"]


def test_tables_hold_no_formula_and_no_control_character(outs):
    for path in outs[0].glob("*.csv"):
        text = path.read_text("utf-8")
        assert_lines_only(text)
        for cells in csv.reader(io.StringIO(text)):
            for cell in cells:
                assert not cell.startswith(("=", "+", "@"))
                assert not cell.startswith("-") or float(cell) < 0


def test_an_outcome_table_holds_no_formula(outs, tmp_path):
    script = [sys.executable, ROOT / "scripts" / "export_outcomes.py", outs[0], tmp_path / "o.csv", "apdf_p10_uv"]
    subprocess.run(script, check=True)
    with (tmp_path / "o.csv").open(encoding="utf-8", newline="") as stream:
        targets = {row["target"] for row in csv.DictReader(stream)}
    assert {"'=EMG+cmd|'/C'!A", "'+EMG 1", "'-EMG 2"} <= targets
    assert "EMG a\\x1b[31m" in targets
    for target in targets:
        assert_lines_only(target.replace("\xa0", " "))
        assert not target.startswith(("=", "+", "-", "@"))


def test_our_own_readers_take_the_guard_off_and_parquet_needs_none(outs):
    kept = pd.read_parquet(outs[0] / "measures.parquet")
    assert {"=EMG+cmd|'/C'!A", "+EMG 1", "-EMG 2", "EMG a\x1b[31m"} <= set(kept["target"])
    assert emg.load_results(outs[0]).measures["target"].tolist() == kept["target"].tolist()
    targets = set(emg.load_results(outs[0]).intervals["target"])
    assert {"=EMG+cmd|'/C'!A", "+EMG 1", "-EMG 2"} <= targets
    assert "EMG a\\x1b[31m" in targets


def test_a_second_run_finds_every_unit_and_every_page(outs, capsys):
    assert run(["run", str(outs[0].parent / "study"), "-o", str(outs[0]), "-j", "1", "--quiet"]) == 0
    assert "nothing to compute" in capsys.readouterr().out
    assert run(["report", str(outs[0])]) == 0
    assert capsys.readouterr().out.startswith("0 pages drawn")


def test_the_log_is_one_line_of_json_an_event(outs):
    lines = (outs[0] / "log.jsonl").read_text("ascii").splitlines()
    assert json.loads(lines[0])["event"] == "run"
    assert all(line.isprintable() for line in lines)


def test_every_json_file_is_json_without_control_characters(outs):
    for path in outs[0].rglob("*.json"):
        text = path.read_text("utf-8")
        json.loads(text)
        assert_lines_only(text)


def test_a_long_mark_does_not_flood_a_line(outs, said):
    for row in csv.DictReader(io.StringIO((outs[0] / "inputs.csv").read_text("utf-8"))):
        assert len(row["findings"]) < 4000
    _, _, err = said("run", outs[0].parent / "study", "-o", outs[0], "-j", 1)
    assert max(map(len, err.splitlines()), default=0) < 1000


@pytest.mark.parametrize("cell", ["<script>", "a b", "=1", "a\x1b", "../x", "\u202e", "x" * 100])
@pytest.mark.parametrize("column", ["subject", "visit", "task"])
def test_a_name_in_the_manifest_is_refused_in_one_line(said, tmp_path, column, cell):
    row = {"subject": "P01", "visit": "V1", "file": "a.edf", "task": "rest", column: cell}
    (tmp_path / "recordings.csv").write_text(f"{','.join(row)}\n{','.join(row.values())}\n", encoding="utf-8")
    (tmp_path / "study.toml").write_text(STUDY)
    code, out, err = said("run", tmp_path, "-o", tmp_path / "out")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert_lines_only(err)


@pytest.mark.parametrize("name", ["<script>", "a\x1b", "=1+1", "a\u2028"])
def test_a_study_id_is_refused_or_shown_as_text(said, tmp_path, name):
    (tmp_path / "a.edf").write_bytes(recording())
    (tmp_path / "recordings.csv").write_text("subject,visit,file,task\nP01,V1,a.edf,rest\n")
    (tmp_path / "study.toml").write_text(f"[study]\nid = {toml_text(name)}\nmains_hz = 50\n")
    code, out, err = said("run", tmp_path, "-o", tmp_path / "out", "-j", 1)
    assert_lines_only(out + err)
    if code == 0:
        page = (tmp_path / "out" / "reports" / "index.html").read_text("utf-8")
        assert_lines_only(page)
        assert "script" not in {tag for tag, _ in Tags(page).seen}
