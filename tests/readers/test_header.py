"""The header: every field judged at once, before anything is allocated."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import ReadError
from emgpipe.readers import check_file, read_recording
from emgpipe.readers.findings import MOST_OF_A_KIND, Findings, capped, listed, places, refusal, refuses_file
from emgpipe.readers.header import parse_header
from emgpipe.readers.sizes import check_duration, check_record_bytes, records_to_use
from emgpipe.recording import Finding

FIXED = {"version": 0, "patient": 8, "recording": 88, "date": 168, "time": 176, "header_bytes": 184, "reserved": 192,
         "n_records": 236, "record_s": 244, "n_signals": 252, "end": 256}  # fmt: skip
NO_NUMBERS = ("1,5", "abc", "0x10", "1_000", "nan", "inf", "1e400", "", b"1\x00", b"\xd9\xa1", "1 2", "--1", "1e")
NO_WHOLE_NUMBERS = (*NO_NUMBERS, "-3.5", "1e3", "7.0")


def put(data: bytes, **fields: str | bytes) -> bytes:
    """Bytes of a file with other texts in fields of its first 256 bytes."""
    out = bytearray(data)
    names = list(FIXED)
    for name, text in fields.items():
        start, stop = FIXED[name], FIXED[names[names.index(name) + 1]]
        raw = text if isinstance(text, bytes) else text.encode("latin-1")
        assert len(raw) <= stop - start
        out[start:stop] = raw.ljust(stop - start)
    return bytes(out)


def judged(data: bytes):
    return parse_header(data, len(data))


def told(data: bytes) -> list[tuple[str, str, str]]:
    return [(f.code, f.severity, f.where) for f in judged(data)[1]]


@pytest.fixture(scope="module")
def whole(edf) -> bytes:
    return edf.encode(edf.plain(records=4, n=100))


@pytest.fixture(scope="module")
def plus(edf) -> bytes:
    return edf.encode(edf.File([edf.S(samples=edf.noise(4, 100)), edf.clock(4)], plus="C"))


def test_a_legal_header_is_read_without_a_word(whole, plus):
    for data, n in ((whole, 1), (plus, 2)):
        header, findings = judged(data)
        assert findings == []
        assert (header.n_records, header.record_s, len(header.signals)) == (4, 1.0, n)
        assert header.header_bytes == 256 * (n + 1)
        assert header.header_bytes + 4 * header.record_bytes == len(data)
    assert judged(plus)[0].annotation_signals == (1,)
    assert judged(plus)[0].offsets == (0, 200)
    assert (judged(whole)[0].plus, judged(plus)[0].plus) == ("", "C")


@pytest.mark.parametrize(
    ("fields", "code", "where"),
    [
        *(({"n_signals": text[:4]}, "HEADER_NUMBER", "number of signals") for text in NO_WHOLE_NUMBERS),
        *(({"header_bytes": text}, "HEADER_NUMBER", "header bytes") for text in NO_WHOLE_NUMBERS),
        *(({"n_records": text}, "HEADER_NUMBER", "number of records") for text in NO_WHOLE_NUMBERS),
        *(({"record_s": text}, "HEADER_NUMBER", "record duration") for text in NO_NUMBERS),
        *(({"n_signals": text}, "SIGNAL_COUNT", "number of signals") for text in ("0", "-5")),
        *(({"header_bytes": text}, "HEADER_SIZE", "header bytes") for text in ("256", "513", "-512", "0", "51200")),
        ({"n_signals": "2"}, "HEADER_SIZE", "header bytes"),
        ({"n_signals": "9999"}, "HEADER_SHORT", "file"),
        *(({"record_s": text}, "RECORD_DURATION", "record duration")
          for text in ("0", "-1", "9e-7", "0.00009", "1e9", "9e307")),
        *(({"n_records": text}, "RECORD_COUNT", "number of records") for text in ("-2", "-9999999")),
        ({"version": "1"}, "NOT_EDF", "version"),
        ({"version": b"\xfeBIOSEMI"}, "NOT_EDF", "version"),
    ],
)  # fmt: skip
def test_a_header_without_meaning_refuses_the_file(whole, fields, code, where):
    header, findings = judged(put(whole, **fields))
    assert header is None
    assert (code, "error", where) in [(f.code, f.severity, f.where) for f in findings]
    assert any(refuses_file(f) for f in findings)


@pytest.mark.parametrize("text", ["1e-6", "1e8", "+1", "1.", ".5", "1.0016", " 1", "0001"])
def test_every_written_form_of_a_duration_is_read(edf, text):
    header, findings = judged(edf.encode(edf.plain(records=4, n=1, record_s=text)))
    assert (header.record_s, findings) == (float(text), [])


@pytest.mark.parametrize(
    ("text", "quantum"),
    [("0.333333", 0.5e-6), ("1.0016", 0.0), ("1.001953", 0.5e-6), ("10.00000", 0.0), ("10000000", 0.0), ("1", 0.0)],
)
def test_a_duration_that_fills_its_field_may_be_rounded(edf, text, quantum):
    header, _ = judged(edf.encode(edf.plain(records=4, n=1, record_s=text)))
    assert header.record_s_quantum == pytest.approx(quantum, rel=1e-12)


@pytest.mark.parametrize("text", ["abc", "", "1.5", "0", "-100", "1_0", b"\xd9\xa1"])
def test_samples_per_record_that_are_none_refuse_the_file(edf, text):
    header, findings = judged(edf.encode(edf.plain(overrides={("samples", 0): text})))
    assert header is None
    (finding,) = findings
    assert finding.code == ("SAMPLES_PER_RECORD" if text in ("0", "-100") else "HEADER_NUMBER")
    # where no number stands, the header may have lost bytes, and the label may be any text
    named = "'EMG TA R'" if text in ("0", "-100") else "the 1st signal"
    assert finding.where == f"samples per record of {named}"


@pytest.mark.parametrize("name", ["physical_min", "physical_max", "digital_min", "digital_max"])
@pytest.mark.parametrize("text", NO_NUMBERS)
def test_a_limit_that_is_no_number_refuses_its_signal_only(edf, name, text):
    signals = [edf.S(samples=edf.noise(4, 100)), edf.S(label="EMG GM R", samples=edf.noise(4, 50))]
    header, (finding,) = judged(edf.encode(edf.File(signals, overrides={(name, 0): text})))
    field = name.replace("min", "minimum").replace("max", "maximum").replace("_", " ")
    assert (finding.code, finding.severity, finding.where) == ("HEADER_NUMBER", "error", f"'EMG TA R': {field}")
    assert finding.found == repr((text if isinstance(text, bytes) else text.encode()).ljust(8))[1:]
    assert getattr(header.signals[0], name) is None
    assert header.signals[1].physical_min == -3276.8


@pytest.mark.parametrize("name", ["digital_min", "digital_max"])
def test_a_digital_limit_is_a_whole_number(edf, name):
    for text in ("-3.5", "1e3"):
        header, (finding,) = judged(edf.encode(edf.plain(overrides={(name, 0): text})))
        assert finding.code == "HEADER_NUMBER"
        assert getattr(header.signals[0], name) is None


def test_limits_of_an_annotation_signal_scale_nothing_and_are_a_word(edf, plus):
    for name, text in (("physical_min", "x"), ("digital_max", ""), ("physical_min", "1"), ("digital_min", "32767")):
        signals = [edf.S(samples=edf.noise(4, 100)), edf.clock(4)]
        header, (finding,) = judged(edf.encode(edf.File(signals, plus="C", overrides={(name, 1): text})))
        assert header is not None
        assert (finding.code, finding.severity, finding.where) == ("ANNOTATION_SCALE", "warning", "'EDF Annotations'")


def test_all_findings_come_at_once(edf, tmp_path):
    changes = {("physical_min", 0): "1,5", ("samples", 0): "x", ("label", 0): b"EMG \x07"}
    path = edf.write(tmp_path, edf.plain(record_s="x", n_records="y", date="32.01.00", overrides=changes))
    findings = check_file(path)
    assert sorted((f.code, f.where) for f in findings) == [
        ("HEADER_NUMBER", "number of records"),
        ("HEADER_NUMBER", "physical minimum of the 1st signal"),
        ("HEADER_NUMBER", "record duration"),
        ("HEADER_NUMBER", "samples per record of the 1st signal"),
        ("START_UNKNOWN", "start"),
        ("TEXT_CONTROL", "the 1st signal: label"),
    ]
    with pytest.raises(ReadError, match=r"HEADER_NUMBER: number of records: .* \(and 3 more\)$"):
        read_recording(path)


def test_signals_are_looked_at_though_the_length_of_the_header_is_no_number(edf):
    data = edf.encode(edf.plain(overrides={("header_bytes", None): "?", ("physical_max", 0): "?"}))
    assert [f.where for f in judged(data)[1]] == ["header bytes", "physical maximum of the 1st signal"]


def test_signals_are_not_looked_at_where_their_number_contradicts_the_header(whole):
    codes = [code for code, _, _ in told(put(whole, n_signals="9"))]
    assert codes == ["HEADER_SHORT", "HEADER_SIZE"] or codes == ["HEADER_SIZE"]


def test_a_finding_has_its_parts_and_a_sentence_of_them(edf):
    data = edf.encode(edf.plain(overrides={("physical_min", 0): "-3276,8"}))
    (finding,) = judged(data)[1]
    assert (finding.found, finding.allowed) == ("'-3276,8 '", "a number such as -3276.8")
    assert finding.hint == "write it with a decimal point"
    assert finding.message == f"found {finding.found}; allowed: {finding.allowed}; {finding.hint}"
    old = {"code": "GAP", "severity": "info", "where": "", "message": "m"}
    assert Finding(**old)._asdict() == {**old, "found": "", "allowed": "", "hint": ""}
    odd = Finding.composed("GAP", "info", "", found="a\x1bb\n", allowed="", hint="")
    assert (odd.found, odd.message) == ("a\\x1bb\\n", "found a\\x1bb\\n")


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "FILE_EMPTY"), (b"0", "NOT_EDF"), (b"0       ", "HEADER_SHORT"), (b"PK\x03\x04" * 100, "NOT_EDF"),
     (b"<html>" * 100, "NOT_EDF"), (b"\xef\xbb\xbf0       " + b" " * 300, "NOT_EDF")],
)  # fmt: skip
def test_what_is_no_edf_is_refused(edf, tmp_path, data, code):
    assert [(f.code, f.severity) for f in check_file(edf.write(tmp_path, data))] == [(code, "error")]
    assert judged(data)[0] is None


def test_every_cut_of_a_file_is_told(edf):
    data = edf.encode(edf.plain(records=2, n=10))
    for length in range(len(data)):
        header, findings = judged(data[:length])
        n = length - 512
        want = (
            "FILE_EMPTY" if not length else "NOT_EDF" if length < 8 else "HEADER_SHORT" if n < 0 else "FILE_TRUNCATED"
        )
        if n == 20:
            want = "RECORD_COUNT"
        assert [f.code for f in findings] == [want], length
        assert (header is not None) == (n >= 20)
        if header:
            assert header.n_records == 1


# stated number of records, whole records in the file, is there more; verdict of EDF, of EDF+
COUNTS = [
    (4, 4, False, "", ""),
    (-1, 4, False, "RECORD_COUNT warning", "same"),
    (-1, 4, True, "RECORD_COUNT warning, FILE_TRUNCATED warning", "same"),
    (-1, 0, False, "FILE_TRUNCATED error", "same"),
    (-1, 0, True, "FILE_TRUNCATED error", "same"),
    (4, 0, False, "FILE_TRUNCATED error", "same"),
    (1, 0, True, "FILE_TRUNCATED error", "same"),
    (0, 0, False, "RECORD_COUNT error", "same"),
    (0, 0, True, "FILE_TRUNCATED error", "same"),
    (-2, 4, False, "RECORD_COUNT error", "same"),
    (-2, 4, True, "RECORD_COUNT error", "same"),
    (-2, 0, False, "FILE_TRUNCATED error", "same"),
    (0, 4, True, "RECORD_COUNT error", "same"),
    (0, 4, False, "RECORD_COUNT warning", "same"),
    (3, 4, False, "RECORD_COUNT warning", "same"),
    (5, 4, False, "RECORD_COUNT warning", "same"),
    (99999999, 4, False, "RECORD_COUNT warning", "same"),
    (4, 4, True, "RECORD_COUNT warning", "same"),
    (5, 4, True, "FILE_TRUNCATED warning", "same"),
    (6, 4, True, "FILE_TRUNCATED error", "FILE_TRUNCATED warning"),
    (3, 4, True, "RECORD_COUNT error", "RECORD_COUNT warning"),
    (1, 4, True, "RECORD_COUNT error", "RECORD_COUNT warning"),
]


@pytest.mark.parametrize(("stated", "whole", "is_more", "of_plain", "of_plus"), COUNTS)
@pytest.mark.parametrize("left", [1, 99, 199])
def test_the_number_of_records_is_that_of_the_file_or_refused(stated, whole, is_more, of_plain, of_plus, left):
    for timed, want in ((False, of_plain), (True, of_plain if of_plus == "same" else of_plus)):
        found = Findings()
        n = records_to_use(found, stated, whole * 200 + is_more * left, 200, timed=timed)
        assert ", ".join(f"{f.code} {f.severity}" for f in found) == want
        assert found.refuse_file or n == whole
        assert all(f.where == {"RECORD_COUNT": "number of records", "FILE_TRUNCATED": "file"}[f.code] for f in found)


@given(st.integers(-9, 9), st.integers(0, 9), st.integers(0, 99), st.booleans())
def test_a_number_of_records_in_doubt_is_never_used_without_a_word(stated, whole, left, timed):
    found = Findings()
    n = records_to_use(found, stated, whole * 100 + left, 100, timed=timed)
    assert n == whole
    assert (not found) == (stated == whole > 0 and left == 0)
    assert found.refuse_file or whole > 0


def test_a_count_that_reading_cannot_prove_refuses_plain_edf_only(edf, whole, plus):
    assert told(put(whole, n_records="9") + b"\0") == [("FILE_TRUNCATED", "error", "file")]
    assert told(put(plus, n_records="9") + b"\0") == [("FILE_TRUNCATED", "warning", "file")]
    lost = edf.encode(edf.File([edf.S(samples=edf.noise(4, 100)), edf.clock(4)]))
    assert [code for code, severity, _ in told(put(lost, n_records="9") + b"\0") if severity == "error"] == []


def test_a_record_of_64_mib_is_read_and_one_byte_more_is_not():
    for n_bytes, codes in ((64 * 2**20, []), (64 * 2**20 + 1, ["RECORD_TOO_LARGE"])):
        found = Findings()
        check_record_bytes(found, n_bytes)
        assert [f.code for f in found] == codes
        assert found.refuse_file == bool(codes)


@pytest.mark.parametrize(
    ("record_s", "samples", "is_read"),
    [(0.0, [], True), (0.0, [1], False), (1e-6, [1], True), (1e-6, [2], False), (0.001, [1000], True),
     (0.001, [1, 1001], False), (9e-7, [], False), (1e8, [1], True), (1.1e8, [1], False), (-1.0, [], False)],
)  # fmt: skip
def test_a_duration_gives_a_rate_up_to_a_megahertz(record_s, samples, is_read):
    found = Findings()
    check_duration(found, record_s, samples)
    assert [f.code for f in found] == ([] if is_read else ["RECORD_DURATION"])
    assert found.refuse_file != is_read


def test_rates_are_those_of_signals_not_of_annotations(edf):
    fields = [edf.tal("+0", "") + b"\0" * 2990]
    data = edf.encode(edf.File([edf.S(samples=[[1]]), edf.annotation_signal(fields, 3004)], record_s="0.001", plus="C"))
    assert told(data) == []
    alone = edf.encode(edf.File([edf.annotation_signal(fields, 3004)], record_s="0", plus="C"))
    assert told(alone) == []
    assert [t[0] for t in told(put(data, record_s="0"))] == ["RECORD_DURATION"]


@pytest.mark.parametrize(
    ("date", "time"),
    [("32.01.00", "00.00.00"), ("00.00.00", "00.00.00"), ("01/02/03", "00.00.00"), ("01.02.03", "25.00.00"),
     ("29.02.01", "00.00.00"), ("", ""), ("1.2.03", "00.00.00"), (b"\xd9\xa1.01.00", "00.00.00")],
)  # fmt: skip
def test_an_impossible_start_is_unknown_and_said(whole, date, time):
    header, findings = judged(put(whole, date=date, time=time))
    assert header.start is None
    assert [(f.code, f.severity) for f in findings] == [("START_UNKNOWN", "warning")]


@pytest.mark.parametrize(
    ("stated", "want"),
    [("Startdate 02-MAR-2104 X X X", datetime(2104, 3, 2, 5, 6, 7)),
     ("Startdate X X X X", datetime(2004, 3, 2, 5, 6, 7)),
     ("anything", datetime(2004, 3, 2, 5, 6, 7)), ("Startdate 03-MAR-2004 X", None), ("Startdate 02-APR-2004 X", None),
     ("Startdate 02-MAR-2005 X", None), ("Startdate 2004-03-02", None), ("Startdate 31-FEB-2004 X", None)],
)  # fmt: skip
def test_the_four_digit_year_counts_where_it_agrees(whole, plus, stated, want):
    header, findings = judged(put(plus, recording=stated))
    assert header.start == want
    assert [f.code for f in findings] == ([] if want else ["START_UNKNOWN"])
    # plain EDF says nothing about this field
    assert judged(put(whole, recording=stated))[0].start == datetime(2004, 3, 2, 5, 6, 7)


@pytest.mark.parametrize(
    ("reserved", "is_told", "plus_of"),
    [("EDF+C", False, "C"), ("EDF+D and more", False, "D"), ("24BIT", False, ""), ("EDF+X", True, ""),
     ("EDF+", True, ""), ("edf+c", True, ""), (" EDF+C", True, ""), ("BDF+C", True, "C"), ("EDF", False, "")],
)  # fmt: skip
def test_a_variant_of_edf_plus_that_does_not_exist_is_said(whole, plus, reserved, is_told, plus_of):
    header, findings = judged(put(plus, reserved=reserved))
    assert header.plus == plus_of
    want = {"HEADER_RESERVED"} if is_told else set()
    assert {f.code for f in findings} == want | (set() if plus_of else {"PLUS_FLAG_LOST"})
    assert {f.severity for f in findings} <= {"warning"}
    assert ("HEADER_RESERVED" in [t[0] for t in told(put(whole, reserved=reserved))]) == is_told


def test_bdf_has_24_bits_and_a_flag_of_its_own(edf):
    signals = [edf.S(digital=("-8388608", "8388607"), samples=edf.noise(3, 20, bits=24)), edf.clock(3, bdf=True)]
    data = edf.encode(edf.File(signals, plus="C", bdf=True))
    header, findings = judged(data)
    assert (header.sample_bytes, header.plus, findings) == (3, "C", [])
    assert [t[0] for t in told(put(data, reserved="EDF+C"))] == ["HEADER_RESERVED"]


def test_a_plus_file_without_annotation_signal_is_refused(edf, whole):
    for flag in ("EDF+C", "EDF+D"):
        assert told(put(whole, reserved=flag)) == [("ANNOTATIONS_LOST", "error", "labels")]
    # the label is exact: of the family of the file, and nothing else in it
    for label in ("BDF Annotations", "EDF annotations", "EDF Annotation"):
        signals = [edf.S(samples=edf.noise(2, 10)), edf.clock(2)]
        data = edf.encode(edf.File(signals, plus="C", overrides={("label", 1): label}))
        assert ("ANNOTATIONS_LOST", "error", "labels") in told(data)


@pytest.mark.parametrize("letter", ["\0", "\t", "\x1b", "\x1f", "\x7f", "\x85", "\x9f", "\u202e", "\u2066", "\u2028"])
@pytest.mark.parametrize("name", ["label", "transducer", "unit", "prefilter", "reserved"])
def test_a_letter_that_is_no_text_is_said_with_its_field(edf, name, letter):
    raw = f"x{letter}y".encode()
    data = edf.encode(edf.plain(overrides={(name, 0): raw}))
    found = [f for f in judged(data)[1] if f.code == "TEXT_CONTROL"]
    assert [(f.severity, f.where.rpartition(": ")[2], f.found) for f in found] == [("warning", name, ascii(letter))]


@pytest.mark.parametrize("name", ["patient", "recording", "reserved"])
def test_a_letter_that_is_no_text_is_said_for_the_fields_of_the_file(whole, name):
    assert ("TEXT_CONTROL", "warning", name) in told(put(whole, **{name: b"x\x1by"}))


@pytest.mark.parametrize("name", ["patient", "recording", "reserved"])
def test_the_first_and_the_last_byte_of_a_field_of_the_file_are_looked_at(whole, name):
    names = list(FIXED)
    for at in (FIXED[name], FIXED[names[names.index(name) + 1]] - 1):
        assert told(whole[:at] + b"\x1b" + whole[at + 1 :]) == [("TEXT_CONTROL", "warning", name)]


def test_texts_of_any_language_are_legal(edf):
    labels = [b"EMG M\xfcller", "EMG Ünal".encode(), "肌电 RF".encode(), b"EMG RF"]
    signals = [edf.S(label=label, unit=b"\xb5V", samples=edf.noise(1, 5)) for label in labels]
    header, findings = judged(edf.encode(edf.File(signals)))
    assert [s.label for s in header.signals] == ["EMG Müller", "EMG Ünal", "肌电 RF", "EMG RF"]
    assert {s.unit for s in header.signals} == {"µV"}
    assert {(f.code, f.severity) for f in findings} == {("TEXT_ENCODING", "info")}
    assert {f.hint for f in findings} == {"read as LATIN-1", "read as UTF-8"}


def test_a_text_in_latin_1_spoils_no_other(edf):
    signals = [edf.S(label="EMG Größe".encode(), unit="µV".encode(), samples=edf.noise(1, 5))]
    data = edf.encode(edf.File(signals, overrides={("transducer", 0): b"\xff\xfe\xe4"}))
    header, _ = judged(data)
    assert (header.signals[0].label, header.signals[0].unit) == ("EMG Größe", "µV")


def test_no_text_of_a_person_or_a_device_is_in_a_message(edf, tmp_path):
    secret = b"Zaphod\x1b\xe9\x07"
    signals = [edf.S(samples=edf.noise(4, 100))]
    data = edf.encode(edf.File(signals, overrides={("transducer", 0): secret}))
    for fields in ({}, {"recording": b"Startdate Zaphod \xe9"}, {"reserved": b"EDF+CZaphod"}, {"n_records": "x"}):
        for finding in judged(put(data, patient=secret, **fields))[1]:
            assert "aphod" not in repr(finding)


def test_a_header_that_has_lost_or_won_bytes_shows_none_of_what_slid_into_its_numbers(edf):
    name = "Zaphod Beeblebrox PX"
    data = put(edf.encode(edf.plain()), recording="x" * 60 + name)
    moved = [data[:8] + data[8 + n :] for n in range(1, 81)] + [data[:8] + b" " * n + data[8:] for n in range(1, 105)]
    for slid in moved:
        header, findings = judged(slid)
        assert header is None
        for finding in findings:
            assert not any(name[i : i + 3] in repr(finding) for i in range(len(name) - 2)), finding


def test_thousands_of_broken_signals_make_a_page_not_a_book(edf):
    signals = [edf.S(label=f"EMG {i}", samples=[[0]]) for i in range(500)]
    broken = {("physical_min", i): "?" for i in range(500)} | {("label", 7): b"EMG \x07"}
    header, findings = judged(edf.encode(edf.File(signals, overrides=broken)))
    assert header is not None
    numbers = [f for f in findings if f.code == "HEADER_NUMBER"]
    assert len(numbers) == MOST_OF_A_KIND
    assert numbers[-1].message.endswith(f"(and {500 - MOST_OF_A_KIND} more)")
    assert not any(map(refuses_file, findings))
    assert [f.code for f in findings if f.severity == "warning"] == ["TEXT_CONTROL"]


FINDINGS = st.builds(
    Finding,
    st.sampled_from("AB"),
    st.sampled_from(["error", "warning", "info"]),
    st.sampled_from(["'EMG'", "file"]),
    st.just("m"),
)


@given(st.lists(FINDINGS, max_size=40), st.integers(1, 5))
def test_what_is_left_out_changes_no_verdict(findings, most):
    kept = capped(findings, most)
    assert {(f.code, f.severity, refuses_file(f)) for f in kept} == {
        (f.code, f.severity, refuses_file(f)) for f in findings
    }
    assert len(kept) <= len(findings)
    assert [f.code for f in capped(findings, 40)] == [f.code for f in findings]


def test_more_is_said_only_where_there_is_more():
    one = Finding("UNIT_UNKNOWN", "error", "'EMG'", "m")
    assert [f.message for f in capped([one] * 2, most=2)] == ["m", "m"]
    assert [f.message for f in capped([one] * 3, most=2)] == ["m", "m (and 1 more)"]
    assert (listed([1, 2], most=2), listed([1, 2, 3], most=2)) == ("1, 2", "1, 2 and 1 more")


def test_the_error_of_a_file_goes_before_those_of_signals():
    findings = [
        Finding("START_UNKNOWN", "warning", "start", "w"),
        Finding("DIGITAL_RANGE", "error", "'EMG'", "s"),
        Finding("RECORD_COUNT", "error", "number of records", "f"),
    ]
    assert str(refusal(findings, "a.edf")) == "a.edf: RECORD_COUNT: number of records: f (and 1 more)"
    assert str(refusal(findings[2:], "a.edf")) == "a.edf: RECORD_COUNT: number of records: f"


def test_signals_of_one_label_are_told_apart_by_position():
    assert places(["a", "b", "a"]) == ["'a' (1st signal)", "'b'", "'a' (3rd signal)"]


def test_any_bytes_in_the_header_are_judged_without_a_fault(plus):
    @given(st.lists(st.tuples(st.integers(0, 767), st.binary(min_size=1, max_size=9)), min_size=1, max_size=5))
    @settings(max_examples=300, deadline=None)
    def law(damage):
        data = bytearray(plus)
        for at, new in damage:
            data[at : at + len(new)] = new
        header, findings = judged(bytes(data))
        assert (header is None) == any(map(refuses_file, findings))
        for finding in findings:
            assert (finding.message + finding.where + finding.found + finding.hint).isprintable()

    law()


def test_two_limits_that_may_be_anything_refuse_their_signal_without_its_label_or_their_bytes(edf):
    signals = [edf.S(label=label, samples=edf.noise(4, 100)) for label in ("EMG TA R", "EMG GM R")]
    data = edf.encode(edf.File(signals, overrides={("physical_min", 1): "SN4815", ("digital_max", 1): "SN1623"}))
    header, findings = judged(data)
    assert len(header.signals) == 2
    assert [f.where for f in findings] == ["the 2nd signal: physical minimum", "the 2nd signal: digital maximum"]
    assert not any(refuses_file(f) or "4815" in f.message or "1623" in f.message for f in findings)


def test_two_limits_with_a_decimal_comma_keep_their_label_and_are_shown(edf):
    data = edf.encode(edf.plain(overrides={("physical_min", 0): "-3276,8", ("physical_max", 0): "3276,7"}))
    assert [(f.where, f.found) for f in judged(data)[1]] == [
        ("'EMG TA R': physical minimum", "'-3276,8 '"),
        ("'EMG TA R': physical maximum", "'3276,7  '"),
    ]


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("n_signals", "a whole number from 1"),
        ("header_bytes", "a whole number such as 768"),
        ("n_records", "a whole number such as 60"),
        ("record_s", "a positive number such as 1"),
    ],
)
def test_each_number_of_the_file_says_what_is_allowed_in_it(whole, name, allowed):
    finding = next(f for f in judged(put(whole, **{name: "x"}))[1] if f.code == "HEADER_NUMBER")
    assert finding.allowed == allowed


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("physical_max", "a number such as -3276.8"),
        ("digital_min", "a whole number such as -32768"),
        ("samples", "a whole number from 1"),
    ],
)
def test_each_number_of_a_signal_says_what_is_allowed_in_it(edf, name, allowed):
    (finding,) = judged(edf.encode(edf.plain(overrides={(name, 0): "x"})))[1]
    assert finding.allowed == allowed


@pytest.mark.parametrize("text", ["ZQ 81.02", "48151623", "4-8-1516"])
def test_a_date_that_is_of_no_form_of_a_date_is_not_shown(whole, text):
    (finding,) = judged(put(whole, date=text))[1]
    assert finding.code == "START_UNKNOWN"
    assert text not in finding.message
    assert "not shown, as they may name a person" in finding.message
    assert "'32.13.99'" in judged(put(whole, date="32.13.99"))[1][0].message


def test_digits_that_may_be_those_of_a_person_are_not_shown_as_first_bytes(whole):
    (finding,) = judged(b"48151623" + whole[8:])[1]
    assert (finding.code, finding.found) == ("NOT_EDF", "8 other bytes")
