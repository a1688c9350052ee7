"""Record times: runs, gaps, and what is refused; nothing of a gap is invented and no step goes unseen."""

import re
import time
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import ReadError
from emgpipe.readers import check_file, read_recording
from emgpipe.readers.clock import read_clock
from emgpipe.readers.header import Header, SignalHeader, parse_header
from emgpipe.recording import Recording, Signal

START = datetime(2004, 3, 2, 5, 6, 7)


def header_of(n_samples, record_s=1.0, quantum_s=0.0, plus="D"):
    """A header with signals of these samples a record, and annotations."""
    limits = (-3276.8, 3276.7, -32768, 32767)
    signals = [SignalHeader(f"EMG {n}", "", "uV", *limits, "", n) for n in n_samples]
    signals.append(SignalHeader("EDF Annotations", "", "", *limits, "", 30))
    return Header(2, plus, None, 1, record_s, quantum_s, tuple(signals))


def clock_of(onsets_s, *, digits=6, record_s=1.0, n_samples=(2000,), quantum_s=0.0, plus="D"):
    return read_clock(onsets_s, digits, header_of(n_samples, record_s, quantum_s, plus), "a.edf")


def timed(edf, folder, onsets, *, n=100, record_s="1", plus="D", **changes):
    """A file whose records state these times, and its digital samples in a row."""
    fields = [onset if isinstance(onset, bytes) else edf.tal(onset, "") for onset in onsets]
    signal = edf.S(samples=edf.noise(len(fields), n))
    times = edf.annotation_signal(fields, max(len(field) for field in fields) + 2)
    file = edf.File([signal, times], record_s=record_s, plus=plus)
    return edf.write(folder, replace(file, **changes)), np.concatenate(list(signal.samples))


@pytest.mark.parametrize(
    ("onsets", "runs"),
    [
        (["+0", "+1", "+2"], [(0, 3)]),
        (["+0", "+1", "+9", "+10"], [(0, 2), (9, 11)]),
        (["+0.5", "+1.5", "+12", "+13"], [(0, 2), (11.5, 13.5)]),
        (["+0", "+1", "+2.02", "+3.02"], [(0, 2), (2.02, 4.02)]),
        (["+0", "+1.4", "+2.4"], [(0, 1), (1.4, 3.4)]),
        (["+0", "+2", "+4"], [(0, 1), (2, 3), (4, 5)]),
    ],
)
def test_each_stretch_without_a_gap_is_a_run(edf, tmp_path, onsets, runs):
    path, digital = timed(edf, tmp_path, onsets)
    recording = read_recording(path)
    assert np.asarray(recording.runs) == pytest.approx(np.array(runs))
    assert recording.duration_s == pytest.approx(runs[-1][1])
    whole = recording.read(0, 0, np.inf)
    assert len(whole) == round(100 * runs[-1][1])
    held = np.isfinite(whole)
    np.testing.assert_allclose(whole[held], digital * 0.1, atol=0.001)
    in_runs = [any(a <= t < b for a, b in runs) for t in (np.arange(len(whole)) + 0.5) / 100]
    assert held.tolist() == in_runs


@pytest.mark.parametrize(("plus", "severity"), [("D", "info"), ("C", "warning"), ("", "warning")])
def test_gaps_are_told_by_number_and_length(edf, tmp_path, plus, severity):
    path, _ = timed(edf, tmp_path, ["+0", "+1", "+9", "+10", "+11.5"], plus=plus)
    told = [f for f in read_recording(path).findings if f.code == "DISCONTINUOUS"]
    assert [f.severity for f in told] == [severity]
    assert "2 gaps of 7.5 s in all, the longest 7 s" in told[0].message
    assert "DISCONTINUOUS" not in [f.code for f in check_file(path)]


@pytest.mark.parametrize("plus", ["C", "D"])
def test_a_file_without_gaps_says_nothing(edf, tmp_path, plus):
    path, _ = timed(edf, tmp_path, ["+0", "+1", "+2"], plus=plus)
    assert read_recording(path).findings == ()


@pytest.mark.parametrize(
    ("onsets", "code"),
    [
        (["+0", "+1", "+1.5", "+2.5"], "RECORDS_OVERLAP"),
        (["+0", "+1", "+0", "+1"], "RECORDS_OVERLAP"),
        (["+0", "+1", "+9", "+9.98"], "RECORDS_OVERLAP"),
        (["-1", "+0", "+1"], "FIRST_ONSET"),
        (["+0", "+999999999999999"], "RECORD_TIMES_TOO_LARGE"),
        (["+99999999999999", "+100000000000000"], "RECORD_TIMES_TOO_LARGE"),
    ],
)
@pytest.mark.parametrize("plus", ["C", "D"])
def test_records_out_of_order_are_refused(edf, tmp_path, plus, onsets, code):
    path, _ = timed(edf, tmp_path, onsets, plus=plus)
    with pytest.raises(ReadError, match=rf"^a.edf: {code}: [^\n]+$"):
        read_recording(path)


def test_a_late_first_record_moves_the_start_and_is_said(edf, tmp_path):
    path, _ = timed(edf, tmp_path, [edf.tal("+5.25", "") + edf.tal("+6", "go"), "+6.25"], plus="C")
    recording = read_recording(path)
    assert [(f.code, f.severity) for f in recording.findings] == [("FIRST_ONSET", "warning")]
    assert recording.start == START + timedelta(seconds=5.25)
    assert [tuple(a) for a in recording.annotations] == [(0.75, None, "go")]


@pytest.mark.parametrize(("first_s", "codes"), [(0.9999, []), (1.0, ["FIRST_ONSET"]), (1.5, ["FIRST_ONSET"])])
def test_a_first_record_within_the_second_of_the_header_is_no_finding(first_s, codes):
    assert [f.code for f in clock_of([first_s, first_s + 1]).findings] == codes


def test_a_first_record_beyond_the_calendar_has_no_start(edf, tmp_path):
    path, _ = timed(edf, tmp_path, ["+999999999999", "+1000000000000"])
    recording = read_recording(path)
    assert (recording.start, recording.duration_s) == (None, 2.0)


@pytest.mark.parametrize("first", ["0.1", "0.5", "0.394531", "0.000001", "0.9999999"])
def test_the_start_has_the_fraction_of_a_second_that_the_first_record_states(edf, tmp_path, first):
    path, _ = timed(edf, tmp_path, [f"+{first}", f"+{1 + float(first):.7f}"])
    recording = read_recording(path)
    # datetime holds microseconds
    assert recording.start == START + timedelta(microseconds=round(float(first) * 1e6))
    assert recording.findings == ()
    assert recording.runs[0].start_s == 0.0


@settings(deadline=None)
@given(n=st.integers(2, 200), bad=st.integers(1, 199), jump_s=st.floats(0.001, 50))
def test_a_jump_at_any_record_is_seen(n, bad, jump_s):
    runs = clock_of([k + (jump_s if k >= bad else 0) for k in range(n)]).runs
    if bad >= n:
        assert len(runs) == 1
        return
    before, after = runs
    assert (before.start_s, before.stop_s) == (0, bad)
    assert after.start_s == pytest.approx(bad + jump_s, abs=1e-8)
    assert after.stop_s == pytest.approx(n + jump_s, abs=1e-8)


@pytest.mark.parametrize(("ppm", "severity"), [(50, "info"), (190, "info"), (210, "warning")])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_clock_that_drifts_is_one_run_and_its_drift_is_told(ppm, severity, sign):
    onsets = [round(k * (1 + sign * ppm * 1e-6), 6) for k in range(3600)]
    (run,), findings = clock_of(onsets)[1:3]
    assert run == (0.0, 3600.0)
    assert [(f.code, f.severity) for f in findings] == [("CLOCK_DRIFT", severity)]
    total_s = 3599 * sign * ppm * 1e-6
    assert f"by {total_s:+.6g} s within 3600 s ({3599 / 3600 * ppm:.3g} ppm)" in findings[0].message


def test_repeated_steps_below_half_a_sample_are_drift_and_are_told():
    steps = 0.4 / 2000 * np.minimum(np.arange(20), 10)
    (run,), findings = clock_of((np.arange(20) + steps).tolist())[1:3]
    assert run == (0.0, 20.0)
    assert [(f.code, f.severity) for f in findings] == [("CLOCK_DRIFT", "info")]
    assert "+0.002 s" in findings[0].message


@pytest.mark.parametrize("n", [1, 2])
def test_steps_that_make_less_than_half_a_sample_are_no_drift(n):
    assert clock_of([k + 0.2 / 2000 * min(k, n) for k in range(10)]).findings == []


@pytest.mark.parametrize("field", ["1.000000", "1", "0.100000", "0.1"])
@pytest.mark.parametrize("at", [3, 15_000])
@pytest.mark.parametrize("samples", [0.6, 1.0])
def test_a_step_of_a_sample_is_seen_late_in_a_file_however_its_duration_is_written(edf, field, at, samples):
    record_s = float(field)
    file = edf.encode(edf.File([edf.S(samples=edf.noise(1, 100))], record_s=field))
    (header, _), rate_hz = parse_header(file, len(file)), 100 / record_s
    header = replace(header_of((100,), record_s), record_s_quantum=header.record_s_quantum)
    onsets = [round(k * record_s + samples / rate_hz * (k >= at), 7) for k in range(at + 300)]
    before, after = read_clock(onsets, 7, header, "a.edf").runs
    assert before.stop_s == pytest.approx(at * record_s)
    assert after.start_s == pytest.approx(at * record_s + samples / rate_hz)
    onsets = [round(k * record_s - samples / rate_hz * (k >= at), 7) for k in range(at + 300)]
    with pytest.raises(ReadError, match=f"RECORDS_OVERLAP: record times: found record {at} "):
        read_clock(onsets, 7, header, "a.edf")


@pytest.mark.parametrize("field", ["1.000000", "1"])
def test_each_sample_that_is_lost_now_and_then_is_a_gap_of_its_own(edf, field):
    file = edf.encode(edf.File([edf.S(samples=edf.noise(1, 1000))], record_s=field))
    header = replace(header_of((1000,)), record_s_quantum=parse_header(file, len(file))[0].record_s_quantum)
    onsets = [k + 0.001 * min(max(k - 14_900, 0) // 100, 7) for k in range(20_000)]
    clock = read_clock(onsets, 3, header, "a.edf")
    assert [run.start_s for run in clock.runs] == pytest.approx(
        [0, *(15_000 + 100 * i + 0.001 * (i + 1) for i in range(7))]
    )
    assert [f.code for f in clock.findings] == ["DISCONTINUOUS"]
    assert "7 gaps of 0.007 s in all, the longest 0.001 s" in clock.findings[0].message


@pytest.mark.parametrize(("record_s", "every_s"), [("0.333333", 1 / 3), ("1", 1 + 5e-5), ("1", 1 - 5e-5)])
def test_a_mark_stays_with_its_samples_where_a_clock_drifts(edf, tmp_path, record_s, every_s):
    """A spike at the first sample of a late record, a mark at its stated time, one at the third sample after a gap."""
    n, at, gap_s = 400, 6000, 0.01
    onsets = [round(k * every_s + gap_s * (k > at), 6) for k in range(at + 100)]
    fields = [edf.tal(f"+{t:.6f}", "") for t in onsets]
    fields[at] += edf.tal(f"+{onsets[at]:.6f}", "spike")
    late_s = onsets[at + 2] + 2.25 * float(record_s) / n
    fields[0] += edf.tal(f"+{late_s:.6f}", "late") + edf.tal(f"+{onsets[at] + every_s + gap_s / 2:.6f}", "in the gap")
    samples = np.zeros((len(onsets), n), int)
    samples[at, 0], samples[at + 2, 2] = 1000, 2000
    signals = [edf.S(samples=samples), edf.annotation_signal(fields, 90)]
    recording = read_recording(edf.write(tmp_path, edf.File(signals, record_s=record_s, plus="D")))
    whole, rate_hz = recording.read(0, 0, np.inf), recording.signals[0].rate_hz
    marks = {mark.text: mark.onset_s * rate_hz for mark in recording.annotations}
    # a digital step is 0.1 µV; six decimals of stated times are 0.002 samples
    assert np.nanargmax(whole) == pytest.approx(marks["late"] - 0.25, abs=0.51)
    assert np.flatnonzero(np.abs(whole - 100) < 1)[0] == pytest.approx(marks["spike"], abs=0.01)
    assert np.isnan(whole[round(marks["in the gap"])])
    assert np.isnan(whole).sum() / rate_hz >= gap_s - 1 / rate_hz


def test_a_gap_is_never_shorter_than_stated():
    onsets = [k * (1 - 50e-6) + 0.1 * (k >= 3600) for k in range(7200)]
    one, other = clock_of(onsets).runs
    assert one == (0.0, 3600.0)
    assert other.start_s == pytest.approx(3600.1 - 50e-6)


def test_half_a_sample_of_the_fastest_signal_is_no_gap():
    assert len(clock_of([0, 1.0002, 2.0], n_samples=(1, 2000)).runs) == 1
    assert len(clock_of([0, 1.0003, 2.0003], n_samples=(1, 2000)).runs) == 2
    assert len(clock_of([0, 1.0003, 2.0003], n_samples=(1, 100)).runs) == 1


def test_hours_of_records_whose_duration_was_cut_are_one_run():
    third = {"record_s": 0.333333, "n_samples": (666,)}
    onsets = [round(k / 3, 6) for k in range(100_000)]
    clock = clock_of(onsets, quantum_s=0.5e-6, **third)
    assert (len(clock.runs), clock.findings) == (1, [])
    assert [f.code for f in clock_of(onsets, **third).findings] == ["CLOCK_DRIFT"]


def test_runs_do_not_overlap_where_a_cut_duration_adds_up():
    onsets = [round(k * 0.9999996 + 0.001 * (k >= 5000), 7) for k in range(6000)]
    one, other = clock_of(onsets, record_s=1.0, quantum_s=0.5e-6).runs
    assert one.stop_s <= other.start_s


def test_what_a_cut_duration_adds_over_hours_hides_no_step():
    onsets = [round(k / 3 + 0.002 * (k >= 50_000), 6) for k in range(60_000)]
    runs = clock_of(onsets, quantum_s=0.5e-6, record_s=0.333333, n_samples=(666,)).runs
    assert [run.start_s for run in runs] == pytest.approx([0, 50_000 / 3 + 0.002], abs=1e-6)
    with pytest.raises(ReadError, match="RECORDS_OVERLAP"):
        clock_of(
            [round(k / 3 - 0.002 * (k >= 50_000), 6) for k in range(60_000)],
            quantum_s=0.5e-6,
            record_s=0.333333,
            n_samples=(666,),
        )


@pytest.mark.parametrize("first_s", [0.0, 0.1234])
def test_milliseconds_hold_records_of_a_third_of_a_second(first_s):
    onsets = [round(first_s + k / 3, 3) for k in range(1000)]
    clock = clock_of(onsets, digits=3, record_s=0.333333, quantum_s=0.5e-6, n_samples=(666,))
    assert len(clock.runs) == 1
    assert [(f.code, f.severity) for f in clock.findings] == [("RECORD_TIMES_COARSE", "info")]
    later = [onset + 0.003 * (k >= 500) for k, onset in enumerate(onsets)]
    assert len(clock_of(later, digits=3, record_s=0.333333, quantum_s=0.5e-6, n_samples=(666,)).runs) == 2


@pytest.mark.parametrize("n", [333, 300, 200])
@pytest.mark.parametrize("gap_ms", [0.9, 1, 1.5, 2, 2.5, 3, 4])
@pytest.mark.parametrize("at", [10, 11, 12])
def test_a_gap_that_rounding_hides_is_said_to_be_possible(n, gap_ms, at):
    onsets = [round(k / 3 + gap_ms / 1000 * (k >= at), 3) for k in range(60)]
    clock = clock_of(onsets, digits=3, record_s=0.333333, quantum_s=0.5e-6, n_samples=(n,))
    (coarse,) = (f for f in clock.findings if f.code == "RECORD_TIMES_COARSE")
    hidden_ms = 1000 * float(re.search(r"up to (\S+) s may", coarse.message)[1])
    assert hidden_ms == pytest.approx(2 + 500 / (3 * n), abs=0.01)
    if gap_ms > hidden_ms:
        assert len(clock.runs) == 2


@pytest.mark.parametrize("record_s", [1.0, 0.5, 1.0016])
def test_whole_seconds_hide_no_gap(record_s):
    onsets = [0, *(record_s * k + 0.4 for k in range(1, 5))]
    assert len(clock_of(onsets, digits=0, record_s=record_s).runs) == 2
    assert clock_of([0, 1, 2], digits=0).findings == []


@pytest.mark.parametrize("digits", [0, 1, 2])
def test_exact_times_of_few_digits_hide_no_gap(digits):
    onsets = [round(0.2 * k, 1) for k in range(20)]
    assert len(clock_of(onsets, digits=digits, record_s=0.15, n_samples=(300,)).runs) == 20


def test_times_with_more_digits_than_needed_have_none_to_spare():
    assert len(clock_of([0, 0.5004, 1.0004], digits=4, record_s=0.5).runs) == 2


def test_clips_of_different_days_are_read():
    week_s = 7 * 86_400.0
    assert [tuple(run) for run in clock_of([0, 1, week_s, week_s + 1]).runs] == [(0, 2), (week_s, week_s + 2)]


def test_times_whose_floats_cannot_tell_samples_are_refused_as_such():
    for first_s in (1e9, 1e10):
        assert len(clock_of([first_s + k for k in range(5)]).runs) == 1
    with pytest.raises(ReadError, match="RECORD_TIMES_TOO_LARGE"):
        clock_of([1e13 + k for k in range(5)])


@pytest.mark.parametrize("first", ["0.30000000000000004", "0." + "3" * 30, "0.25" + "0" * 300])
def test_times_may_have_any_number_of_decimals(edf, tmp_path, first):
    second = "1" + first[1:]
    mark = edf.tal(f"+{first}", "x", duration=first)
    path, _ = timed(edf, tmp_path, [edf.tal(f"+{first}", "") + mark, f"+{second}"])
    recording = read_recording(path)
    assert recording.runs == ((0.0, 2.0),)
    assert recording.annotations == ((0.0, float(first), "x"),)
    assert recording.findings == ()


@settings(max_examples=60, deadline=None)
@given(
    starts=st.lists(st.integers(0, 5000), max_size=5),
    rates=st.lists(st.sampled_from([1, 3, 148, 1000, 2148]), min_size=1, max_size=3),
    record_s=st.sampled_from([1.0, 1.0016, 0.5, 0.0333, 2.0]),
)
def test_every_sample_of_every_run_has_one_place_within_half_a_sample(starts, rates, record_s):
    """Whatever the rate of a signal and wherever between its samples a run begins."""
    onsets, at = [], 0.0
    for gap_ms in [0, *starts]:
        at = round(at + gap_ms / 1000, 7)
        onsets += [at, round(at + record_s, 7)]
        at = round(at + 2 * record_s, 7)
    clock = clock_of(onsets, digits=7, record_s=record_s, n_samples=rates)
    signals = [
        Signal(i, f"EMG {i}", "", "emg", "uV", n / record_s, n * len(onsets), 0.05, -5e3, 5e3)
        for i, n in enumerate(rates)
    ]
    recording = Recording(
        "a", None, clock.runs[-1].stop_s, tuple(signals), tuple(clock.runs), (), (), "",
        lambda _, first, stop: np.arange(first, stop, dtype=np.float32),
    )  # fmt: skip
    for signal in signals:
        placed = recording.placed_runs(signal)
        for run, (place, _, n) in zip(clock.runs, placed, strict=True):
            assert abs(place - run.start_s * signal.rate_hz) <= 0.5 + 1e-6
            assert n == pytest.approx((run.stop_s - run.start_s) * signal.rate_hz, abs=1e-6)
        whole = recording.read(signal.index, 0, np.inf)
        assert whole[np.isfinite(whole)].tolist() == list(range(signal.n_samples))
        assert np.isfinite(whole[-1])


def test_annotations_keep_their_own_time_within_gaps_before_and_after_the_data(edf, tmp_path):
    marks = b"".join(
        [
            edf.tal("+0", "before"),
            edf.tal("+0.25", "first sample", duration=4),
            edf.tal("+3", "in the gap", duration="0.5"),
            edf.tal("+5", "second run"),
            edf.tal("+600", "after"),
            edf.tal("-3.5", "long before"),
        ]
    )
    path, _ = timed(edf, tmp_path, [edf.tal("+0.25", "") + marks, "+5.25"])
    recording = read_recording(path)
    assert recording.duration_s == 6.0
    assert [tuple(mark) for mark in recording.annotations] == [
        (-3.75, None, "long before"), (-0.25, None, "before"), (0.0, 4.0, "first sample"), (2.75, 0.5, "in the gap"),
        (4.75, None, "second run"), (599.75, None, "after"),
    ]  # fmt: skip


def test_only_the_first_of_several_annotation_signals_keeps_the_time(edf, tmp_path):
    signals = [
        edf.annotation_signal([edf.tal(t, "") for t in ("+0", "+1", "+9")]),
        edf.S(samples=edf.noise(3, 100)),
        edf.annotation_signal([b"", edf.tal("+9.5", "late"), b""]),
        edf.annotation_signal([edf.tal("+0.5", "early", "twice"), b"", b""]),
    ]
    recording = read_recording(edf.write(tmp_path, edf.File(signals, plus="D")))
    assert [tuple(run) for run in recording.runs] == [(0.0, 2.0), (9.0, 10.0)]
    assert [(m.onset_s, m.text) for m in recording.annotations] == [(0.5, "early"), (0.5, "twice"), (9.5, "late")]
    assert [signal.index for signal in recording.signals] == [1]


def test_a_lost_flag_and_gaps_are_two_warnings(edf, tmp_path):
    path, _ = timed(edf, tmp_path, ["+0", "+9"], plus="")
    recording = read_recording(path)
    assert [(f.code, f.severity) for f in recording.findings] == [
        ("PLUS_FLAG_LOST", "warning"), ("DISCONTINUOUS", "warning"),
    ]  # fmt: skip
    assert len(recording.runs) == 2


@pytest.mark.parametrize("record_s", ["0", "1", "30"])
@pytest.mark.parametrize("plus", ["C", "D"])
def test_a_file_of_annotations_alone_has_no_duration_whatever_its_records_state(edf, tmp_path, record_s, plus):
    fields = [edf.tal("+0", "") + edf.tal("+30", "stage 2", duration=30), edf.tal("+0", "") + edf.tal("+90", "wake")]
    signals = [edf.annotation_signal(fields)]
    recording = read_recording(edf.write(tmp_path, edf.File(signals, record_s=record_s, plus=plus)))
    assert (recording.signals, recording.runs, recording.duration_s, recording.findings) == ((), (), 0.0, ())
    assert [tuple(m) for m in recording.annotations] == [(30.0, 30.0, "stage 2"), (90.0, None, "wake")]


@pytest.mark.slow  # a figure of time
def test_ten_thousand_annotations_in_an_hour_are_read_in_time_that_grows_with_their_number(edf, tmp_path):
    seconds = []
    for n_records in (1800, 3600):
        marks = [
            b"".join(edf.tal(f"+{k + j / 3:.4f}", f"mark {k}.{j}") for j in range(3 if k < 10_000 / 3 else 0))
            for k in range(n_records)
        ]
        fields = [edf.tal(f"+{k}", "") + mark for k, mark in enumerate(marks)]
        signals = [edf.S(samples=np.zeros((n_records, 20), int)), edf.annotation_signal(fields, 90)]
        path = edf.write(tmp_path, edf.File(signals, plus="C"))
        start_s = time.process_time()
        recording = read_recording(path)
        seconds.append(time.process_time() - start_s)
    assert len(recording.annotations) == 10_002
    assert recording.annotations[-1].text == "mark 3333.2"
    # 0.07 s on a quiet machine
    assert seconds[1] < min(1.0, 3 * seconds[0] + 0.05)


def test_a_file_in_milliseconds_with_records_of_a_third_of_a_second_is_one_run(edf, tmp_path):
    onsets = [f"+{k / 3:.3f}" for k in range(60)]
    path, digital = timed(edf, tmp_path, onsets, n=666, record_s="0.333333", plus="C")
    recording = read_recording(path, strict=True)
    assert [f.code for f in recording.findings] == ["RECORD_TIMES_COARSE"]
    assert len(recording.read(0, 0, np.inf)) == len(digital)


def test_a_damaged_list_that_may_name_a_person_is_not_shown(edf, tmp_path):
    path, _ = timed(edf, tmp_path, ["+0", b"+1\x14Name of one"])
    with pytest.raises(ReadError, match=r"ANNOTATIONS_DAMAGED: annotations: found \d+ bytes in record 1;"):
        read_recording(path)
