"""The catalogue, and labels as amplifiers write them."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.muscles import (
    ANTAGONISTS,
    MUSCLES,
    is_muscle,
    kind_of_label,
    muscle_of_label,
    name_of,
    nearest_muscles,
    pairs_present,
    part_of,
    region_of,
    side_of,
    split_muscle,
)

LABELS = {
    "EMG TA R": "TA_R",
    "EMG Tib.Ant. right": "TA_R",
    "Tib Ant L": "TA_L",
    "R TA": "TA_R",
    "TA_R": "TA_R",
    "TA-R": "TA_R",
    "ta r": "TA_R",
    "TA (R)": "TA_R",
    "RTA": "TA_R",
    "TAR": "TA_R",
    "EMG RF": "RF",
    "EMG.TA.R": "TA_R",
    "EMG:TA R-REF": "TA_R",
    "EMG TA_R-Ref": "TA_R",
    "sEMG TA left": "TA_L",
    "Left Tibialis Anterior": "TA_L",
    "Left Tibialis An": "TA_L",
    "anterior tibialis left": "TA_L",
    "R TIBIALIS ANTERIOR: EMG 1": "TA_R",
    "CH3 TA R": "TA_R",
    "EMG L_Biceps_Bra": "BIC_L",
    "Biceps Brachii R": "BIC_R",
    "Biceps Fem R": "BF_R",
    "Triceps L": "TRI_L",
    "M. rectus femoris re": "RF_R",
    "Vastus lat (R)": "VL_R",
    "VMO_R": "VM_R",
    "MG L": "GM_L",
    "Gastroc Med R": "GM_R",
    "EMG SO": "SOL",
    "Gastrocnemius R": "GAS_R",
    "ES_T12_R": "ES_T12_R",
    "PSP T10 left": "ES_T10_L",
    "Erector Spinae L3 R": "ES_L3_R",
    "ES_L": "ES_L",
    "Paraspinal R": "PSP_R",
    "RA": "RA",
    "RRA": "RA_R",
    "EMG zyg": "ZYG",
    "EMG Delt_ant": "DELTANT",
    "EMG Trap_sup": "TRAPSUP",
}
NO_MUSCLE = [
    *("", " ", "R", "L", "EMG", "EMG1", "EMG ch3", "Biceps", "Biceps R", "Vastus L", "Left Vastus L", "Gluteus R"),
    *("Tibialis", "TA R-L", "TA left right", "TA GM", "TA1", "ESL", "ADDL", "LTRAP", "TA T12", "ES_T13_R", "ES L9"),
    *("KNEE ANGLE", "FORCE", "ACC TA R", "ECG", "Status", "T7", "C3", "O1", "Fp1", "F3", "EXG1", "squarewave"),
    *("Temp rectal", "Temp", "DIG DTRIG", "EEG T3", "XX_R", "EMG sup", "Tra R L"),
]


@pytest.mark.parametrize(("label", "muscle"), LABELS.items())
def test_common_labels_are_read(label, muscle):
    assert muscle_of_label(label) == muscle
    assert kind_of_label(label) == "emg"


@pytest.mark.parametrize("label", NO_MUSCLE)
def test_what_is_no_muscle_or_two_is_none(label):
    assert muscle_of_label(label) == ""


@pytest.mark.parametrize("kind", ["emg", "ecg", "other"])
def test_kinds_of_labels(kind):
    labels = {
        "emg": ["EMG ch3", "EMG1", "Biceps", "Left Vastus L", "TA_R", "EMG Temp"],
        "ecg": ["ECG", "EKG", "ECG II", "ECG ECG1", "ECG V5", "ekg1"],
        "other": [
            "ACC TA_R x",
            "EMG TA acc",
            "KNEE ANGLE",
            "FORCE",
            "Status",
            "TRIGGER",
            "EEG F1-Ref",
            "",
            "noise",
            "Temp",
        ],
    }
    assert {label: kind_of_label(label) for label in labels[kind]} == dict.fromkeys(labels[kind], kind)


@given(
    st.sampled_from(sorted(MUSCLES)),
    st.sampled_from(["R", "L", ""]),
    st.sampled_from(["{m}", "EMG {m}", "{m}-REF", "emg.{m}"]),
)
@settings(deadline=None)
def test_every_name_of_ours_reads_as_itself(code, side, frame):
    muscle = f"{code}_{side}" if side else code
    assert muscle_of_label(frame.format(m=muscle)) == muscle


@given(st.sampled_from(sorted(MUSCLES)), st.sampled_from(["right {n}", "{n} R", "EMG {n}, rechts"]))
@settings(deadline=None)
def test_every_full_name_reads_as_its_muscle(code, frame):
    assert muscle_of_label(frame.format(n=MUSCLES[code].name)) == f"{code}_R"


@given(st.text(st.characters(max_codepoint=0x3000), max_size=20) | st.text(string.ascii_letters + " _-.", max_size=16))
@settings(deadline=None)
def test_any_text_gives_a_muscle_of_the_catalogue_or_none(label):
    muscle = muscle_of_label(label)
    assert muscle == "" or is_muscle(muscle)
    assert kind_of_label(label) in ("emg", "ecg", "other")
    assert all(is_muscle(near) for near in nearest_muscles(label))


def test_the_same_label_with_the_other_side_is_the_other_side():
    for label, muscle in LABELS.items():
        if " R" in label and muscle.endswith("_R") and label.count("R") == 1:
            assert muscle_of_label(label.replace(" R", " L")) == muscle[:-1] + "L", label


def test_names_are_unique_in_the_catalogue():
    names = [name for m in MUSCLES.values() for name in {m.code.lower(), m.name, *m.aliases}]
    assert len(names) == len(set(names))


def test_antagonists_are_of_the_catalogue_and_no_pair_stands_twice():
    assert all(a in MUSCLES and b in MUSCLES and a != b for a, b in ANTAGONISTS)
    assert len({frozenset(pair) for pair in ANTAGONISTS}) == len(ANTAGONISTS)


def test_pairs_are_of_one_side_or_both_bare():
    muscles = ["TA_R", "GM_L", "GM_R", "TA", "SOL", "PSP_L", "ES_T12_L", "RA_L", "", "XX_R", "TA_R"]
    assert pairs_present(muscles) == [("TA_R", "GM_R"), ("TA", "SOL"), ("PSP_L", "RA_L"), ("ES_T12_L", "RA_L")]
    assert pairs_present(["TA_R", "GM_L", "RA"]) == []


def test_every_region_has_muscles_and_every_muscle_a_part():
    regions = {m.region for m in MUSCLES.values()}
    assert regions == {"lower trunk", "upper trunk", "legs", "arms", "face", "abdomen"}
    assert all(part_of(code) == ("limb" if region_of(code) in ("legs", "arms") else "axial") for code in MUSCLES)


@pytest.mark.parametrize(
    ("muscle", "region"),
    [
        ("ES_C5_R", "upper trunk"),
        ("ES_T8", "upper trunk"),
        ("ES_T9_L", "lower trunk"),
        ("ES_L4_L", "lower trunk"),
        ("nobody", ""),
    ],
)
def test_regions_follow_the_level(muscle, region):
    assert region_of(muscle) == region


def test_names_come_apart_and_are_written_out():
    assert split_muscle("ES_L3_L") == ("ES", "L3", "L")
    assert (side_of("TA_R"), side_of("TA"), side_of("nobody_R")) == ("R", "", "")
    assert name_of("GM_R") == "right gastrocnemius medialis"
    assert name_of("nobody") == "nobody"
    for wrong in ("TA_T12_R", "TA_R_L", "TA_r", "ta_R", "", "_R", "ES_T13"):
        assert not is_muscle(wrong)


def test_did_you_mean_knows_shared_words_typing_errors_and_the_side():
    assert {"BF_R", "BIC_R"} <= set(nearest_muscles("Biceps R"))
    assert nearest_muscles("TIA_R")[0] == "TA_R"
    assert nearest_muscles("qqqq") == []
