"""Settings: what is refused and how, what comes back the same."""

from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.detectors.settings import DetectSettings
from emgpipe.errors import SettingsError
from emgpipe.errors.codes import CODES
from emgpipe.filters.settings import ConditionSettings
from emgpipe.settings import (
    TABLES,
    Settings,
    condition_fingerprint,
    fingerprint,
    load_settings,
    parse_settings,
    place_of,
    settings_schema,
    to_toml,
)


def refusal(text: str) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        parse_settings(text, where="s.toml")
    assert "\n" not in str(caught.value)
    return caught.value


def test_an_empty_file_gives_the_defaults():
    assert parse_settings("") == Settings()


def test_an_unknown_key_is_refused_with_line_and_nearest_name():
    error = refusal("# mine\n[detect]\nsilence_s = 0.3\nactivty_ratio = 1.5\n")
    assert error.code == "SETTING_UNKNOWN"
    assert error.where == "s.toml:4"
    assert "did you mean 'activity_ratio'?" in error.message


def test_an_unknown_table_is_refused_with_the_nearest_name():
    error = refusal("[detection]\n")
    assert (error.code, error.where) == ("SETTING_UNKNOWN", "s.toml:1")
    assert "'detect'" in error.message


@pytest.mark.parametrize(
    "line",
    [
        'activity_ratio = "1.5"',
        "activity_ratio = true",
        "activity_ratio = nan",
        "activity_ratio = inf",
        "activity_ratio = 0.9",
        "activity_ratio = []",
        "activity_ratio = 1979-05-27",
        "crosstalk_r0 = 1.01",
        "crosstalk_r0 = 0",
        "silence_s = -0.1",
        "silence_s = 0",
        "floor_max_uv = " + "9" * 400,
        "floor_max_uv = " + "9" * 5000,
        "floor_max_uv = 0.2",
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(line):
    error = refusal(f"[detect]\n{line}\n")
    assert error.code in ("SETTING_INVALID", "TOML_INVALID")
    assert len(str(error)) < 200
    if error.code == "SETTING_INVALID" and "floor_m" not in line:
        assert error.where == "s.toml:2"
        assert line.split(" = ")[0] in error.message


@pytest.mark.parametrize("text", ["detect = 3", "detect = []", "[[detect]]\nsilence_s = 1"])
def test_a_table_that_is_no_table_is_refused(text):
    assert refusal(text).code == "SETTING_INVALID"


def test_band_edges_must_be_in_order():
    assert "must be below high_hz" in refusal("[condition]\nlow_hz = 500").message


@pytest.mark.parametrize("text", ["[detect", "a = " + "[" * 5000, "a = 1\na = 2", "\x00"])
def test_broken_toml_is_one_coded_line(text):
    assert refusal(text).code == "TOML_INVALID"


def test_a_whole_number_may_stand_for_a_real_one():
    chosen = parse_settings("[condition]\nhigh_hz = 400")
    assert isinstance(chosen.condition.high_hz, float)
    assert fingerprint(chosen) == fingerprint(parse_settings("[condition]\nhigh_hz = 400.0"))


@pytest.mark.parametrize("data", [b"\xff\xfe[detect]", b"x" * 4_000_001])
def test_a_file_that_is_no_text_is_refused(tmp_path, data):
    path = tmp_path / "s.toml"
    path.write_bytes(data)
    with pytest.raises(SettingsError, match="TEXT_UNREADABLE"):
        load_settings(path)


@pytest.mark.parametrize("name", ["", "none.toml", "a\x00b"])
def test_a_file_that_is_not_there_is_refused(tmp_path, name):
    with pytest.raises(SettingsError, match="TEXT_UNREADABLE"):
        load_settings(str(tmp_path / "x") + name)


def test_a_folder_given_as_settings_is_called_a_folder(tmp_path):
    with pytest.raises(SettingsError, match="TEXT_UNREADABLE: it is a folder"):
        load_settings(tmp_path)


def test_byte_order_mark_and_crlf_are_accepted(tmp_path):
    path = tmp_path / "s.toml"
    path.write_bytes(b"\xef\xbb\xbf[detect]\r\nsilence_s = 0.3\r\n")
    assert load_settings(path).detect.silence_s == 0.3


def test_what_a_file_does_not_say_comes_from_the_base():
    base = parse_settings("[detect]\nsilence_s = 0.3")
    both = parse_settings("[detect]\nactivity_ratio = 2.0", base=base)
    assert (both.detect.silence_s, both.detect.activity_ratio) == (0.3, 2.0)


def test_a_dataclass_is_checked_like_a_file():
    with pytest.raises(ValueError, match="greater than 0"):
        Settings(condition=ConditionSettings(low_hz=-1.0))


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        Settings().detect = DetectSettings()


def test_only_conditioning_settings_move_the_condition_fingerprint():
    plain, detect = Settings(), parse_settings("[detect]\nsilence_s = 0.3")
    band = parse_settings("[condition]\nlow_hz = 30")
    assert condition_fingerprint(plain.condition) == condition_fingerprint(detect.condition)
    assert condition_fingerprint(plain.condition) != condition_fingerprint(band.condition)
    assert len({fingerprint(s) for s in (plain, detect, band)}) == 3


@settings(max_examples=50, deadline=None)
@given(st.floats(1.0, 100.0), st.floats(1e-9, 0.4), st.booleans())
def test_toml_reads_back_to_the_same_settings(ratio, alarm, comments):
    chosen = Settings(detect=DetectSettings(activity_ratio=ratio, false_alarm=alarm))
    text = to_toml(chosen, comments=comments)
    assert parse_settings(text) == chosen
    assert to_toml(parse_settings(text), comments=comments) == text


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_text_gives_settings_or_a_coded_error(text):
    try:
        result: object = parse_settings("[detect]\n" + text)
    except SettingsError as error:
        result = error
    assert isinstance(result, Settings) or (isinstance(result, SettingsError) and result.code in CODES)


def test_places_are_found_in_tables_of_tables_and_under_quoted_names():
    text = '[channels]\n"EMG ch3" = "PSP_L"\n[[pairs]]\nagonist = "A"\n[[pairs]]\n# 2\nagonist = "B"\n[a."b c"]\nd.e=1'
    assert place_of(text, ("channels", "EMG ch3"), "f") == "f:2"
    assert place_of(text, ("pairs", 1, "agonist"), "f") == "f:7"
    assert place_of(text, ("pairs", 0, "missing"), "f") == "f:3"
    assert place_of(text, ("a", "b c", "d", "e"), "f") == "f:9"
    assert place_of(text, ("nowhere",), "f") == "f"


def test_the_schema_names_every_setting_with_its_unit():
    schema = settings_schema()
    for cls in TABLES.values():
        described = schema["$defs"][cls.__name__]["properties"]
        assert {name: described[name]["unit"] for name in described} == {
            f.name: f.metadata["unit"] for f in fields(cls)
        }
