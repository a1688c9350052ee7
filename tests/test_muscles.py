"""The catalogue, and labels as amplifiers write them."""

import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.muscles import (
    ANTAGONISTS,
    MUSCLES,
    is_muscle,
    kind_of_label,
    likely_muscles,
    muscle_of_label,
    muscles_markdown,
    name_of,
    nearest_muscles,
    pairs_present,
    part_of,
    region_of,
    side_of,
    split_muscle,
)
from emgpipe.muscles.dialects import PLACES, TWO_READINGS, TWO_READINGS_BARE

# Labels as amplifiers, laboratories and people write them -> muscle, or "" where none may be read.
LABELS = {
    # a code, a side, the word EMG, a reference
    "EMG TA R": "TA_R", "EMG Tib.Ant. right": "TA_R", "Tib Ant L": "TA_L", "R TA": "TA_R", "TA_R": "TA_R",
    "TA-R": "TA_R", "ta r": "TA_R", "TA (R)": "TA_R", "TA/R": "TA_R", "RTA": "TA_R", "TAR": "TA_R", "EMG RF": "RF",
    "EMG.TA.R": "TA_R", "EMG:TA R-REF": "TA_R", "EMG TA_R-Ref": "TA_R", "sEMG TA left": "TA_L", "TA_l": "TA_L",
    "l_TA": "TA_L", "rTA": "TA_R", "EMG TA needle": "TA", "EMG-SOL-L": "SOL_L", "CH3 TA R": "TA_R", "03: TA R": "TA_R",
    "1_Tib.Ant. R": "TA_R", "VMO_R": "VM_R", "MG L": "GM_L", "LG R": "GL_R", "EMG SO": "SOL", "LVL": "VL_L",
    "RRA": "RA_R", "EMG RA": "RA", "EMG zyg": "ZYG", "EMG Delt_ant": "DELTANT", "EMG Trap_sup": "TRAPSUP",
    "LAT R": "LAT_R", "R LD": "LAT_R",
    # whole names and shortened ones
    "Left Tibialis Anterior": "TA_L", "anterior tibialis left": "TA_L", "R TIB ANT": "TA_R", "LTibAnt": "TA_L",
    "TibAntR": "TA_R", "R_TibAnt": "TA_R", "TIBANT_L": "TA_L", "LTIBANT": "TA_L", "RBicFem": "BF_R",
    "LVastLat": "VL_L", "RGastMed": "GM_R", "RecFem_r": "RF_R", "EMGTibAntR": "TA_R", "VASTUSLATERALIS": "VL",
    "Biceps Brachii R": "BIC_R", "LBicepsBrachii": "BIC_L", "Biceps Fem R": "BF_R", "Triceps L": "TRI_L",
    "Vastus lat (R)": "VL_R", "Gastroc Med R": "GM_R", "Gastrocnemius R": "GAS_R", "Pect. major L": "PEC_L",
    "Extensor Digitorum R": "EDC_R", "1st dorsal int R": "FDI_R", "Masseter L": "MAS_L", "Serratus ant. R": "SER_R",
    "M. gastroc. lat R": "GL_R",
    # paraspinal leads and their levels
    "ES_T12_R": "ES_T12_R", "PSP T10 left": "ES_T10_L", "Erector Spinae L3 R": "ES_L3_R", "T12 ES R": "ES_T12_R",
    "Rt T10 PSP": "ES_T10_R", "ES Th12 li": "ES_T12_L", "L3 paraspinal L": "ES_L3_L", "ES_L": "ES_L", "R ES": "ES_R",
    "Paraspinal R": "PSP_R", "Lumbar psp R": "PSP_R", "C5 paraspinals R": "ES_C5_R",
    # cut at 16 characters
    "Left Tibialis An": "TA_L", "EMG L_Biceps_Bra": "BIC_L", "LTIBIALISANTERIO": "TA_L", "Tibialis Ant. Ri": "TA_R",
    "Tibialis ant lin": "TA_L", "Right gastrocnem": "GAS_R", "Vastus lateralis": "VL", "Left Rectus femo": "RF_L",
    "Right Vastus lat": "VL_R", "Lt Gluteus maxim": "GMAX_L", "EMG Rectus Abd R": "RA_R",
    # German, Dutch, French, Spanish, Italian
    "M. tibialis ant. re": "TA_R", "M.tib.ant.re": "TA_R", "M. tibialis ant. li.": "TA_L", "TA rechts": "TA_R",
    "links TA": "TA_L", "EMG TA li": "TA_L", "M. rectus femoris re": "RF_R", "linker biceps brachii": "BIC_L",
    "rechter M. soleus": "SOL_R", "Tibialis ant. gauche": "TA_L", "TA droite": "TA_R",
    "Jambier antérieur droit": "TA_R", "TA dcha": "TA_R", "TA izda": "TA_L", "Recto femoral izq": "RF_L",
    "Vasto lateral der": "VL_R", "TA dx": "TA_R", "Soleus sx": "SOL_L", "Retto femorale sin": "RF_L",
    "Tibialis ant. sin.": "TA_L",
    # Delsys
    "R TIBIALIS ANTERIOR: EMG 1": "TA_R", "L RECTUS FEMORIS: EMG.A 3": "RF_L", "Avanti sensor 3: EMG.A 3": "",
    "Trigno IM sensor 4: ACC.X 4": "",
    "Delsys 3: TA R": "TA_R", "BrainAmp TA": "TA", "Cometa 2 SOL L": "SOL_L", "Delsys 3": "",
    "R TIBIALIS ANTERIOR: GYRO.Z 1": "", "R TIBIALIS ANTERIOR: ACC.Y 1": "",
    # Noraxon
    "LT TIB.ANT., uV": "TA_L", "RT TIB.ANT.": "TA_R", "RT LUMBAR ES": "ES_R", "LT THORACIC ES": "",
    "RT BICEPS FEM.": "BF_R", "LT MED. GASTRO": "GM_L", "RT LAT. GASTRO": "GL_R", "LT GLUT. MAX.": "GMAX_L",
    "RT GLUT. MED.": "GMED_R", "RT SEMITEND.": "ST_R", "LT EXT. OBLIQUE": "EO_L", "LT INT. OBLIQUE": "IO_L",
    "RT RECTUS ABD.": "RA_R", "RT BICEPS BR.": "BIC_R", "RT LAT. TRICEPS": "TRI_R", "LT UPPER TRAP.": "TRAPSUP_L",
    "LT LOWER TRAP.": "TRAPINF_L", "RT MIDDLE TRAP.": "TRAPMID_R", "LT ANT.DELTOID": "DELTANT_L",
    "LT LAT. DORSI": "LAT_L", "RT VMO, uV": "VM_R", "RT VLO": "VL_R", "RT PERONEUS LONG.": "PL_R",
    "RT FLEX.CARP.R.": "", "RT FLEX.CARP.U.": "FCU_R", "LT TENSOR FL.": "TFL_L", "LT MULTIFIDUS": "MF_L",
    "RT INFRASPINATUS": "INF_R", "RT BRACHIORAD.": "BRR_R",
    # BTS, Cometa, Motion Lab, TMSi, BrainVision, Biopac
    "Right Tibialis anterior": "TA_R", "Left Gastrocnemius medialis": "GM_L", "R_Tib.Ant.": "TA_R", "LGAS": "GAS_L",
    "RHAMS": "HAM_R", "LADD": "ADD_L", "RMH": "", "BIP TA_l": "TA_L", "Bip 01": "", "BIP1": "", "AUX1": "",
    "EMG100C": "", "EMG100C - TA R": "TA_R", "EMG 1 - TA_R": "TA_R",
    # bipolar pairs, and single electrodes
    "TA_R+ - TA_R-": "TA_R", "TA_R1-TA_R2": "TA_R", "RAT1-RAT2": "TA_R", "RAT2-RAT1": "TA_R",
    "EMG RAT1-RAT2": "TA_R", "SOL L 1 - SOL L 2": "SOL_L", "TA_R+": "", "TA_R-": "", "EMG1+": "",
    "EMG1+ - EMG1-": "", "EXG1-EXG2": "", "TA1-TA3": "", "RTA-LTA": "", "TA_R1-GM_R2": "", "LAT1-LAT2": "",
    "TP9-TP10": "", "TP1-TP2": "", "IO1-IO2": "", "SO1-SO2": "", "C1-C2": "", "T1-T2": "", "AT1-AT2": "",
    "Chin1-Chin2": "", "TA1": "", "TA_R_1": "",
    # sleep laboratories
    "RAT": "TA_R", "EMG RAT": "TA_R", "L AT": "TA_L", "L Ant Tib": "TA_L", "LAT": "", "EMG LAT": "", "LEG/L": "",
    "Leg L": "", "LLEG": "", "L Leg": "", "L-LEG1": "", "PLMl": "", "L Tib": "", "Tib R": "", "Chin1": "",
    "EMG Chin": "", "Chin EMG": "", "EMG submental": "", "R Arm": "", "ABD": "", "Abdomen R": "", "Thor": "",
    "Chest": "", "Snore": "", "Flow": "",
    # two readings, or too few words
    "Biceps": "", "Biceps R": "", "Vastus L": "", "Left Vastus L": "", "Gluteus R": "", "Tibialis": "", "Semi R": "",
    "ESL": "", "LES": "", "LMF": "", "ADDL": "", "LTRAP": "", "LPSP": "", "TRA": "", "TRA_R": "", "LTRA": "",
    "RA": "", "BR L": "", "Ext Dig R": "", "Hip add R": "", "ECRL": "", "M. gastrocnem. l": "",
    "Extensor digitor": "", "EMG sup": "", "Tra R L": "", "TA D": "", "TA G": "", "RES": "", "Mass": "",
    "Frontal L": "", "MH R": "", "medial hamstrings R": "", "triceps surae R": "",
    # two muscles or two sides, a level where none belongs
    "TA R-L": "", "TA left right": "", "TA GM": "", "LT R": "", "TA T12": "", "ES_T13_R": "", "ES L9": "",
    "ES T12 L3": "",
    # no muscle at all
    "": "", " ": "", "R": "", "L": "", "EMG": "", "EMG1": "", "EMG ch3": "", "XX_R": "", "squarewave": "",
    "DIG DTRIG": "", "KNEE ANGLE": "", "R knee flexion": "", "FORCE": "", "TA R torque": "", "ACC TA R": "",
    "TA_R Gyr.Y": "", "TA_R RMS": "", "ECG": "", "ECG RA": "", "EKG L": "", "ECG-RF": "", "Heart rate": "",
    "Status": "", "Stim TA R": "", "Temp rectal": "", "Temp": "", "SpO2": "", "EXG1": "", "EEG T3": "", "EEG RF": "",
    "T3": "", "T7": "", "C3": "", "C4": "", "Fz": "", "Cz": "", "O1": "", "Fp1": "", "F3": "", "F3-M2": "", "C4-A1": "",
    "TP7": "", "TP9": "", "AF3": "", "FT9": "", "PO3": "", "M1": "", "A2": "", "EOG L": "", "LOC-A2": "", "E1-M2": "",
}  # fmt: skip


@pytest.mark.parametrize(("label", "muscle"), LABELS.items())
def test_labels_of_amplifiers_are_read_or_refused(label, muscle):
    assert muscle_of_label(label) == muscle
    if muscle:
        assert kind_of_label(label) == "emg"


def test_the_table_of_labels_is_long_and_has_traps():
    assert len(LABELS) >= 150
    assert sum(muscle == "" for muscle in LABELS.values()) >= 80


@pytest.mark.parametrize("kind", ["emg", "ecg", "other"])
def test_kinds_of_labels(kind):
    labels = {
        "emg": [
            *("EMG ch3", "EMG1", "Biceps", "Left Vastus L", "TA_R", "EMG Temp", "LAT", "RA", "TRA_R", "L Tib", "LEG/L"),
            *(
                "Chin1-Chin2",
                "LLEG",
                "R Arm",
                "PLMl",
                "EMG100C",
                "EMG1+",
                "TA_R+",
                "thoracic ES L",
                "RMH",
                "Avanti sensor 3: EMG.A 3",
            ),
        ],
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
            *("EEG T3", "T3", "C4-A1", "TP9-TP10", "Hip add R", "ABD", "Mass", "Leg position", "R", "1", "BP1", "HR"),
        ],
    }
    assert {label: kind_of_label(label) for label in labels[kind]} == dict.fromkeys(labels[kind], kind)


FORMS = [
    *("{c}", "{c}_{s}", "{c}-{s}", "{s} {c}", "{s}_{c}", "EMG {c} {s}", "EMG.{c}.{s}", "emg {c}_{s}-REF", "{c} ({s})"),
    *("CH 12 {c}_{s}", "{c} {s}, uV", "{c}_{s}+ - {c}_{s}-", "{c}_{s}1-{c}_{s}2", "{s} {c}: EMG.A 3"),
    *("{word} {n}", "{n} {word}", "EMG {n}, {word}", "M. {n} {word}", "{word} M. {n}", "{N} {s}", "{s}_{H}", "{H}{s}"),
    *("{word} {short}", "{short} {s}", "EMG {short} {word}"),
]
"""Forms of a label: code, name, name in humps, words shortened to five letters; side as letter and as word."""
WORDS = {
    "R": ["right", "RT", "re", "rechts", "droite", "dcha", "dx"],
    "L": ["left", "LT", "li", "links", "gauche", "izq", "sx"],
}
PARTS = ("SUP", "MID", "INF", "ANT", "MED", "POST")
REFUSED_CODES = {"TRA"}  # transversus abdominis, or trapezius
REFUSED_BARE = REFUSED_CODES | {"LAT", "RA"}  # left anterior tibial; right arm


def shortened(name):
    return " ".join(word[:5] for word in name.split())


@given(st.sampled_from(sorted(MUSCLES)), st.sampled_from("RL"), st.sampled_from(FORMS), st.data())
@settings(deadline=None, max_examples=400)
def test_every_muscle_reads_as_itself_in_every_form(code, side, form, data):
    name = MUSCLES[code].name
    parts = {"c": code, "s": side, "n": name, "N": name.upper(), "H": "".join(w.capitalize() for w in name.split())}
    label = form.format(word=data.draw(st.sampled_from(WORDS[side])), short=shortened(name), **parts)
    wanted = code if form == "{c}" else f"{code}_{side}"
    if "{c}" in form and code in (REFUSED_BARE if form == "{c}" else REFUSED_CODES):
        wanted = ""
    found = muscle_of_label(label)
    assert found in (("", wanted) if len(label) == 16 or "{short}" in form or "{H}" in form else (wanted,)), label


@pytest.mark.parametrize("side", ["R", "L"])
def test_names_cut_at_sixteen_characters_are_never_read_as_another_muscle(side):
    for muscle in MUSCLES.values():
        for name in (muscle.name, *muscle.aliases):
            for form in ("{s} {n}", "EMG {s} {n}", "EMG {n} {s}", "{n} {s}", "M. {n} {w}", "{w} {n}"):
                label = form.format(s=side, n=name, w=WORDS[side][0])[:16]
                found = muscle_of_label(label)
                code, _, found_side = split_muscle(found)
                assert code in ("", muscle.code, WIDER.get(muscle.code)), (label, found)
                assert found_side in ("", side), (label, found)


WIDER = {"GM": "GAS", "GL": "GAS"} | {f"{whole}{part}": whole for whole in ("TRAP", "DELT") for part in PARTS}
"""A whole muscle that a cut label of one of its parts may be read as."""


@given(st.sampled_from(sorted(MUSCLES)), st.sampled_from(["{c}", "EMG {c}", "{c}-REF", "emg.{c}"]))
@settings(deadline=None)
def test_a_code_without_a_side_is_the_bare_muscle(code, frame):
    refused = code in {"TRA", "LAT"} or (code == "RA" and "emg" not in frame.lower())
    assert muscle_of_label(frame.format(c=code)) == ("" if refused else code)


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
            other = label.replace(" R", " L")
            assert muscle_of_label(other) == LABELS.get(other, muscle[:-1] + "L"), label


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


@pytest.mark.parametrize(
    ("label", "hints"),
    {
        "LAT": ["TA_L", "LAT"],
        "TRA_R": ["TRAP_R", "TRA_R"],
        "LES": ["ES_L", "ES"],
        "RA": ["RA"],
        "Leg L": ["TA_L"],
        "PLMr": ["TA_R"],
        "Chin1": ["MENT"],
        "TA_R+": ["TA_R"],
        "L Tib": ["TA_L", "TP_L"],
        "Ext Dig R": ["EDB_R", "EDC_R", "EDL_R"],
        "Vastus L": ["VL_L", "VM_L", "VI_L"],
    }.items(),
)
def test_a_label_of_two_readings_names_both(label, hints):
    assert muscle_of_label(label) == ""
    assert nearest_muscles(label)[: len(hints)] == hints


def test_only_what_is_nearly_a_muscle_is_likely_one():
    nearly = {"Soleuss R": "SOL_R", "Bizps re": "BIC_R", "TA_R 2": "TA_R", "VL1": "VL", "Trapezis": "TRAP"}
    assert {label: muscle for label, muscle in nearly.items() if muscle not in likely_muscles(label)} == {}
    others = ["EEG F3", "F3-M2", "TP7", "SO1", "Temp", "Hip add R", "Digital", "External", "Thorax", "Position", "Ref",
              "HR", "SpO2", "ECG RA", "ACC TA_R x", "Status", "Mass", "CH1", "", "TA_R torque"]  # fmt: skip
    assert [label for label in others if likely_muscles(label)] == []


def test_the_page_of_muscles_has_every_muscle_and_pair():
    page = muscles_markdown()
    assert all(f"| `{m.code}` | {m.name} |" in page for m in MUSCLES.values())
    assert all(f"{a}/{b}" in page for a, b in ANTAGONISTS)


def test_no_label_of_two_readings_is_of_the_catalogue_by_mistake():
    for table in (TWO_READINGS, TWO_READINGS_BARE, PLACES):
        assert all(is_muscle(reading) for readings in table.values() for reading in readings)
        assert all(muscle_of_label(label) == "" for label in table)


@pytest.mark.parametrize(
    "label", ["1-" * 5000, "TA " * 5000, "R" * 20_000, "tibant" * 2000, "+ - " * 4000, "_" * 20_000]
)
@pytest.mark.slow  # a figure of time
def test_a_very_long_label_takes_no_time(label):
    start = time.perf_counter()
    assert (muscle_of_label(label), kind_of_label(label)) in (("", "other"), ("", "emg"))
    nearest_muscles(label)
    assert time.perf_counter() - start < 2.0
