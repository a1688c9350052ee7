import re
from html.parser import HTMLParser

import pytest

import emgpipe.reports
from emgpipe.measures.rows import MeasureRow
from emgpipe.recording import Finding
from emgpipe.reports import RecordingReport, index_page, visit_file_name, visit_page
from emgpipe.reports.words import CAVEATS, NOT_ON_PAGES, STATUS_WORDS
from tests.reports.conftest import HOSTILE

DATA = r'base64,[A-Za-z0-9+/=]+|<script type="application/json" data-view>[^<]*'
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Elements with their attributes, and the text of each table row."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.unclosed, self.text, self.rows = [], [], [], "", []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append("")

    def handle_endtag(self, tag):
        if self.open.pop() != tag:
            self.unclosed.append(tag)

    def handle_data(self, data):
        if self.open and self.open[-1] in ("style", "script"):
            return
        self.text += data
        if "tr" in self.open:
            self.rows[-1] += " " + data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def pages(report, bad_report, failed_report, visit_of):
    row = {"recording": "S1_V1_rest", "subject": "S1", "visit": "V1", "status": "ok"}
    return [
        visit_page(visit_of(report, failed_report, simulated=True)),
        visit_page(visit_of(bad_report, subject="<script>alert(1)</script>", visit=HOSTILE)),
        index_page("DEMO", [row], [("S1", "V1")], version="0.1.0", settings_id="0a1b"),
    ]


def test_a_page_is_self_contained(pages):
    for text in pages:
        page = Page(text)
        assert not re.search(r"https?:|//[a-z]|@import|file:", re.sub(DATA, "", text))
        assert {tag for tag, _ in page.elements} & {"link", "iframe", "object", "base", "form"} == set()
        assert all(a["src"].startswith("data:image/png;base64,") for a in page.all("img"))
        assert all(
            re.fullmatch(r"#[\w.-]+|index\.html|(visit|patient)\.[\w%.-]+\.html", a["href"]) for a in page.all("a")
        )
        assert re.findall(r"url\((?!data:image/png;base64,)", text) == []


def test_a_page_is_well_formed_and_readable_without_eyes(pages):
    for text in pages:
        page = Page(text)
        assert (page.open, page.unclosed) == ([], [])
        assert [len(page.all("h1")), page.all("html")[0]["lang"]] == [1, "en"]
        assert all(len(a["alt"]) > 20 for a in page.all("img"))
        assert all(a.get("scope") in ("row", "col", "rowgroup") for a in page.all("th"))


def test_every_page_says_what_the_numbers_are_not(pages):
    for text in pages:
        assert all(caveat in Page(text).text for caveat in CAVEATS)


def test_only_a_simulated_study_is_called_simulated(pages):
    assert ["Simulated data" in text for text in pages] == [True, False, False]


def test_hostile_names_are_text(pages):
    page = Page(pages[1])
    assert "Subject <script>alert(1)</script>, visit <b>$\\q$\\u202e\\x07" in page.text
    assert page.all("b") == []
    assert not re.search("[\u202e\x07]", pages[1])


def test_every_row_is_shown_with_its_status_and_reason(bad_report, report, visit_of):
    for one in (bad_report, report):
        rows = Page(visit_page(visit_of(one))).rows
        for row in one.result.rows:
            if row.measure in NOT_ON_PAGES:
                assert not any(re.search(rf"\b{row.measure}\b", r) for r in rows)
                continue
            holding = [r for r in rows if re.search(rf"\b{row.measure}\b", r) and STATUS_WORDS[row.status] in r]
            reasons = [code for code in row.reason.split(";") if code]
            assert any(all(code in r for code in reasons) for r in holding), row


def test_a_reason_is_given_in_words(pages):
    text = Page(pages[1]).text
    assert "Samples stand at a rail of the amplifier." in text
    assert "VL_R: no trace, grade D." in text
    assert "The sampling rate is too low for the analysis band; nothing is measured." in text


def test_a_failed_recording_says_why_and_keeps_its_place(pages):
    text = Page(pages[0]).text
    assert "3 of 90 records; copy the file again FILE_TRUNCATED" in text
    assert "2 recordings" in text


def test_a_blank_condition_is_said(pages):
    assert re.search(r"skin_temp_c\s*not recorded", Page(pages[0]).text)


def test_folders_of_a_file_are_not_shown(pages):
    assert "v1.edf" in pages[0]
    assert "folder/" not in pages[0]
    assert "bad.edf" in pages[1]
    assert "people" not in pages[1]


def test_the_same_visit_gives_the_same_page(report, visit_of):
    assert visit_page(visit_of(report)) == visit_page(visit_of(report))


def test_a_visit_without_anything_is_still_a_page(visit_of):
    nothing = RecordingReport("S1_V1_rest", "rest", "a.edf", "", None)
    assert "No result." in visit_page(visit_of(nothing))
    assert "0 recordings" in visit_page(visit_of())


def test_subject_rows_are_shown_and_counts_have_no_places(visit_of):
    row = MeasureRow("rest", "subject", "subject", "regions_measured", 2.0, "1")
    assert any(
        "regions_measured" in r and re.search(r"\s2\s", r) for r in Page(visit_page(visit_of(subject_rows=(row,)))).rows
    )


def inputs(**statuses):
    return [
        {"recording": f"{name}_rest", "subject": name.split("_")[0], "visit": name.split("_")[1], "status": status,
         "code": "" if status == "ok" else "FILE_TRUNCATED", "message": "cut <off>", "duration_s": None}
        for name, status in statuses.items()
    ]  # fmt: skip


def squares(text):
    return re.findall(r'<td class="(\w+)" title', text)


def test_the_matrix_tells_measured_failed_not_run_and_missing_apart():
    rows = [*inputs(S1_V1="ok", S1_V2="failed", S2_V1="not_measured"), *inputs(S2_V10="ok"), *inputs(S2_V10="failed")]
    text = index_page("DEMO", rows, [("S1", "V1")], version="0", settings_id="")
    # columns V1, V2, V10: numbers sort as numbers
    assert squares(text) == ["complete", "failed", "missing", "unrun", "missing", "partly"]
    assert [a["href"] for a in Page(text).all("a")] == ["#content", "patient.S1.html", *["visit.S1.V1.html"] * 2]


def test_failed_recordings_are_listed_with_code_and_words():
    rows = Page(index_page("DEMO", inputs(S1_V1="ok", S1_V2="failed"), [], version="0", settings_id="")).rows
    assert any("S1_V2_rest" in r and "cut <off>" in r and "FILE_TRUNCATED" in r and "ends before" in r for r in rows)
    assert not any("S1_V1_rest" in r and "FILE_TRUNCATED" in r for r in rows)


def test_findings_are_counted():
    said = [Finding("LABEL_DUPLICATE", "warning", "", "twice; once"), Finding("TEXT_ENCODING", "info", "", "")]
    findings = {"S1_V1_rest": said, "S1_V2_rest": said, "S9_V9_rest": said}
    text = index_page("DEMO", inputs(S1_V1="ok", S1_V2="ok"), [], findings=findings, version="0", settings_id="")
    assert any(re.search(r"LABEL_DUPLICATE\s+2\s", r) for r in Page(text).rows)


def test_a_study_without_recordings_is_still_a_page():
    assert "No recordings." in index_page("DEMO", [], [], version="0", settings_id="")


def test_pages_of_two_visits_never_share_a_name():
    assert visit_file_name("A_1", "2") != visit_file_name("A", "1_2")


def test_a_name_that_the_room_does_not_have_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        emgpipe.reports.no_such_name  # noqa: B018


def test_the_names_of_the_room_are_the_ones_that_can_be_imported():
    assert sorted(emgpipe.reports._HOMES) == sorted(emgpipe.reports.__all__)
    assert all(getattr(emgpipe.reports, name).__doc__ for name in emgpipe.reports.__all__)
