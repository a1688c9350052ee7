"""`study.toml`: what it may say, what is refused, and where the message points."""

from pathlib import Path

import pytest

from emgpipe.errors import EmgpipeError, StudyError
from emgpipe.settings import Settings, fingerprint
from emgpipe.study import load_study, segment_of
from emgpipe.study.load import PRESETS, preset_tables
from emgpipe.study.model import StudyFile, StudyTable

HEAD = '[study]\nid = "SPS"\nmains_hz = 60\n'
ROWS = "subject,visit,file,task\nP01,V1,a.edf,rest\n"


@pytest.fixture
def write(tmp_path):
    def make(text: str, rows: str = ROWS) -> Path:
        (tmp_path / "study.toml").write_text(text, encoding="utf-8")
        (tmp_path / "recordings.csv").write_text(rows, encoding="utf-8")
        return tmp_path / "study.toml"

    return make


def refusal(path: Path) -> EmgpipeError:
    with pytest.raises(EmgpipeError) as caught:
        load_study(path)
    assert "\n" not in str(caught.value)
    return caught.value


def test_the_study_of_the_interface_is_read_whole(write):
    study = load_study(
        write(
            '[study]\nid = "SPS-IVIG"\nmains_hz = 60\nrecordings = "recordings.csv"\npreset = "sps-crossover"\n'
            '[channels]\n"EMG ch3" = "PSP_L"\n"Chest" = "ECG"\n[units]\n"EMG ch3" = "uV"\n'
            '[[pairs]]\nagonist = "TA_R"\nantagonist = "GM_R"\n[[floor]]\namplifier = "A1"\ndevice_uv = 1.4\n'
            '[segments]\n"Ruhe" = "rest"\n[subject]\nindex_muscles = ["PSP_L", "RA_L"]\nindex_offset_uv = 0.5\n'
            'reference = "same visit: mvc"\n[detect]\nactivity_ratio = 1.7\n'
        )
    )
    assert (study.id, study.mains_hz, study.channels["Chest"], study.units) == (
        "SPS-IVIG",
        60,
        "ECG",
        {"EMG ch3": "uV"},
    )
    assert [(p.agonist, p.antagonist) for p in study.pairs] == [("TA_R", "GM_R")]
    assert (study.index_muscles, study.reference) == (("PSP_L", "RA_L"), "same visit: mvc")
    assert study.settings.detect.activity_ratio == 1.7
    assert study.segments["Ruhe"] == "rest"
    assert study.segments["startle"] == "stimulus"
    assert study.device_floor_uv(("EMG ch3", "PSP_L"), "A1") == 1.4
    assert study.device_floor_uv(("EMG ch3", "PSP_L"), "A2") is None


def test_the_floor_of_a_channel_goes_before_that_of_its_amplifier(write):
    floors = '[[floor]]\namplifier = "A1"\ndevice_uv = 1.4\n[[floor]]\nchannel = "TA_R"\ndevice_uv = 2.0\n'
    study = load_study(write(HEAD + floors))
    assert study.device_floor_uv(("EMG TA", "TA_R"), "A1") == 2.0


def test_a_folder_that_holds_a_study_is_the_study(write):
    assert load_study(write(HEAD).parent).id == "SPS"


def test_the_least_study_has_the_default_settings(write):
    study = load_study(write(HEAD))
    assert fingerprint(study.settings) == fingerprint(Settings())
    assert (study.reference, study.index_muscles, study.pairs, study.preset) == ("", (), (), "plain")


def test_a_settings_file_goes_over_the_study(write, tmp_path):
    (tmp_path / "s.toml").write_text("[detect]\nactivity_ratio = 2\n")
    path = write(HEAD + "[detect]\nactivity_ratio = 3\nsilence_s = 0.3\n")
    chosen = load_study(path, settings=tmp_path / "s.toml").settings.detect
    assert (chosen.activity_ratio, chosen.silence_s) == (2.0, 0.3)


@pytest.mark.parametrize("text", ['[study]\nid = "SPS"\n', '[study]\nid = "SPS"\nmains_hertz = 50\n'])
def test_mains_is_required_and_never_guessed(write, text):
    error = refusal(write(text))
    assert error.code in ("SETTING_MISSING", "SETTING_UNKNOWN")
    assert "mains_hz" in error.message


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        (HEAD + "[chanels]\n", 4, "'channels'"),
        (HEAD + "[detec]\n", 4, "'detect'"),
        (HEAD + "[subject]\nindex_muscle = []\n", 5, "'index_muscles'"),
        (HEAD + "[[pairs]]\nagonist = 'TA_R'\nantagonist = 'GM_R'\n[[pairs]]\nagonsit = 'TA_R'\n", 8, "'agonist'"),
        (HEAD + "[detect]\nactivity_rato = 2\n", 5, "'activity_ratio'"),
        (HEAD + "preset_ = 'plain'\n", 4, "'preset'"),
    ],
)
def test_an_unknown_name_is_refused_with_its_line_and_the_nearest_known_one(write, text, line, hint):
    error = refusal(write(text))
    assert error.code == "SETTING_UNKNOWN"
    assert error.where.endswith(f"study.toml:{line}")
    assert hint in error.message


@pytest.mark.parametrize(
    "text",
    [
        '[study]\nid = "SPS"\nmains_hz = 55\n',
        '[study]\nid = "SPS"\nmains_hz = "60"\n',
        '[study]\nid = "../x"\nmains_hz = 60\n',
        HEAD + 'preset = "sps"\n',
        HEAD + "preset = []\n",
        HEAD + '[channels]\n"EMG 1" = "left leg"\n',
        HEAD + '[channels]\n"EMG 1" = 3\n',
        HEAD + '[[pairs]]\nagonist = "TA_R"\nantagonist = "TA_R"\n',
        HEAD + '[[pairs]]\nagonist = "TA_R"\nantagonist = "GM_R"\n[[pairs]]\nagonist = "GM_R"\nantagonist = "TA_R"\n',
        HEAD + '[channels]\n"EMG 1" = "XYZ_L"\n',
        HEAD + '[units]\n"EMG 1" = "BITS"\n',
        HEAD + '[subject]\nindex_muscles = ["ECG"]\n',
        HEAD + '[pairs]\nagonist = "TA_R"\n',
        HEAD + "[[floor]]\ndevice_uv = 1.4\n",
        HEAD + '[[floor]]\namplifier = "A"\ndevice_uv = 0\n',
        HEAD + '[[floor]]\namplifier = "A"\ndevice_uv = nan\n',
        HEAD + '[[floor]]\namplifier = "A"\nchannel = "B"\ndevice_uv = 1.0\n',
        HEAD + '[segments]\n"Ruhe" = "reste"\n',
        HEAD + '[segments]\n"Ruhe" = "Rest"\n',
        HEAD + '[subject]\nreference = "peak"\n',
        HEAD + "[subject]\nindex_offset_uv = -1\n",
        HEAD + "[detect]\nactivity_ratio = -1\n",
        "segments = 3\n" + HEAD,
        HEAD.replace("[study]", "[[study]]"),
        "study = 3\n",
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_in_one_line(write, text):
    error = refusal(write(text))
    assert error.code == "SETTING_INVALID"
    assert len(error.message) < 250


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        (HEAD.replace("SPS", "a b"), "letters, digits, '_' and '-'"),
        (HEAD.replace('"SPS"', "3"), "text in quotes"),
        (HEAD + '[segments]\n"Ruhe" = "Rest"\n', "small letters"),
        (HEAD + '[subject]\nreference = "peak"\n', "'visit V1: ...'"),
        (HEAD + '[subject]\nindex_muscles = "TA_R"\n', "a list in brackets"),
        ("pairs = 3\n" + HEAD, "write [[pairs]]"),
        ("pairs = [3]\n" + HEAD, "write [[pairs]]"),
        ('[floor]\namplifier = "A"\n' + HEAD, "write [[floor]]"),
        ("channels = 3\n" + HEAD, "write [channels]"),
        ("study = 3\n", "write [study]"),
        (HEAD + f"[subject]\nindex_offset_uv = 0x{'f' * 5000}\n", "must be a number"),
        (HEAD + "[detect]\nactivity_ratio = 'x'\n", "must be a number"),
        (HEAD + "[condition]\norder = 1.5\n", "must be a whole number"),
    ],
)
def test_what_is_allowed_is_said_in_words_of_the_file(write, text, allowed):
    message = refusal(write(text)).message
    assert allowed in message
    assert not [word for word in ("pattern", "^", "tuple", "dictionary", "instance", "Value error") if word in message]


def test_a_reference_at_a_visit_that_is_not_there_is_refused_naming_those_that_are(write):
    rows = ROWS + "P02,V2,b.edf,rest\n"
    error = refusal(write(HEAD + '[subject]\nreference = "visit V9: mvc"\n', rows))
    assert (error.code, error.where.rpartition("/")[2]) == ("REFERENCE_UNKNOWN", "study.toml:5")
    assert "'V9', known are V1, V2" in error.message
    assert load_study(write(HEAD + '[subject]\nreference = "visit V2: mvc"\n', rows)).reference == "visit V2: mvc"


def test_a_reference_that_is_rest_is_refused_with_its_line(write):
    error = refusal(write(HEAD + '[subject]\nreference = "same visit: rest"\n'))
    assert (error.code, error.where.rpartition("/")[2]) == ("REFERENCE_IS_REST", "study.toml:5")


def test_a_missing_manifest_is_named(tmp_path):
    (tmp_path / "study.toml").write_text(HEAD)
    with pytest.raises(StudyError, match=r"recordings\.csv: TEXT_UNREADABLE"):
        load_study(tmp_path)


def test_every_preset_is_packaged_and_holds_only_known_tables():
    assert set(PRESETS) == set(StudyTable.model_fields["preset"].annotation.__args__)
    for name in PRESETS:
        StudyFile.model_validate({"study": {"id": "A", "mains_hz": 50}, **preset_tables(name)})


def test_known_segments_need_no_mapping_and_a_mapping_goes_first():
    assert segment_of(" MVC ") == "mvc"
    assert segment_of("mvc", {"MVC": "reference"}) == "reference"
    assert segment_of("BAD_ACQ_SKIP") == "BAD_ACQ_SKIP"
    assert segment_of("resting") == ""
