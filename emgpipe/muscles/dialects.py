"""Words of amplifiers and of sleep laboratories around a muscle, and the labels that have two readings.

Everything here is data for people to read and correct; `labels` does the reading.
"""

import re

from emgpipe.muscles.catalogue import SIDES

CUT_CHARACTERS = 16
"""Length of an EDF label's field: a label that fills it may have lost its end."""

_SIDE = "|".join(sorted((word for words in SIDES.values() for word in words), key=len, reverse=True))

MUSCULUS = re.compile(rf"^((?:(?:s?emg|ch(?:an(?:nel)?)?[ .:]*\d+|{_SIDE})[\W_]+)*)mm?\.(?=[\W_]*[^\W\d_])")
"""`M.` for musculus: before the name only, behind it `M.` may be the medial head."""

FILLER = re.compile(
    r"\b(?:s?emg\d*[a-z]?(?:\.[a-d])?|surface|needle|raw|muscle|musculus|bipolar|bip|avanti|trigno|ultium|noraxon|"
    r"delsys|brainamp|cometa|biopac|ch|chan|channel|sensor)(?:[ .:]*\d+)?\b"
)
"""Words that say nothing about which muscle it is; Delsys numbers its sensors (`EMG.A 3`)."""

UNIT = re.compile(r"[,\[(]\s*[nuµμm]?v\b[\])]?\s*$")
"""A unit behind the name (`LT TIB.ANT., uV`)."""

REFERENCE = re.compile(r"[-_ ]+(?:ref|avg)$")
NUMBERED = re.compile(r"^\d{1,3}[\W_]+(?=[^\W\d_]{2})")
"""A channel number before the name (`03: TA R`). A number behind it may count electrodes: not taken away."""

ECG = re.compile(r"(?:ecg|ekg)(?:[lr]|\d{0,2}|v\d|i{1,3})?")
EMG = re.compile(r"s?emg\d{0,3}[a-z]?")
NOT_MUSCLE = re.compile(
    r"(?:eeg|eog|meg|acc|accel|accelerometer|accelero|gyr|gyro|gyroscope|mag|imu|quat|quaternion|orientation|roll|pitch|"
    r"yaw|angle|angles|ang|gonio|goniometer|flexion|extension|abduction|adduction|moment|force|torque|load|emgrms|"
    r"trigger|trig|status|stim|stimulus|sync|marker|event|button|pressure|temperature|resp|spo2|pleth|audio)"
    r"[xyz]?\d{0,2}"
)
"""A label with one of these words is no muscle, whatever else it says."""

PAIR = re.compile(r"(.+?)[ _.]*([12+-])\s*-\s*(.+?)[ _.]*([12+-])")
"""A bipolar pair (`TA_R+ - TA_R-`, `RAT1-RAT2`): one stem with both electrodes."""

LONGEST = 80
"""A longer text is no label: some searches take time in the cube of its length."""

HALVES = ({"1", "2"}, {"+", "-"})

ELECTRODES = frozenset({"at", "io", "so", "tp"})
"""Stems of numbered scalp, eye and strip electrodes (`TP9-TP10`, `IO1-IO2`): a pair of these is no muscle."""

TWO_READINGS: dict[str, tuple[str, ...]] = {
    # left, or lumbar
    "les": ("ES_L", "ES"),
    "esl": ("ES_L", "ES"),
    "lpsp": ("PSP_L", "PSP"),
    "pspl": ("PSP_L", "PSP"),
    "lmf": ("MF_L", "MF"),
    # left, or longus, or lower, or lateral
    "addl": ("ADD_L", "ADD"),
    "trapl": ("TRAP_L", "TRAPINF"),
    "ltrap": ("TRAP_L", "TRAPINF"),
    # the transverse abdominal muscle is out of reach of surface electrodes: mostly meant is the trapezius
    "tra": ("TRA", "TRAP"),
    "rtra": ("TRA_R", "TRAP_R"),
    "ltra": ("TRA_L", "TRAP_L"),
    "trar": ("TRA_R", "TRAP_R"),
    "tral": ("TRA_L", "TRAP_L"),
    # short forms of two muscles
    "br": ("BRR", "BRA"),
    "mt": ("TRAPMID",),
    "pm": ("PEC",),
    "ad": ("DELTANT", "ADD"),
    "md": ("DELTMED",),
    "pd": ("DELTPOST",),
    "mh": ("ST", "SM"),
    "rmh": ("ST_R", "SM_R"),
    "lmh": ("ST_L", "SM_L"),
    "lh": ("BF", "HAM"),
    "gmx": ("GMAX",),
    # muscles, or something else altogether: never muscles without more words
    "temp": (),
    "frontal": (),
    "mental": (),
    "mass": (),
    "infra": (),
    "para": (),
    "res": (),
    "hip add": (),
    "add hip": (),
}
"""Label without its side -> what it could mean. None of them is read; the hints come from here."""

TWO_READINGS_BARE: dict[str, tuple[str, ...]] = {
    # a sleep laboratory's left anterior tibial, or latissimus
    "lat": ("TA_L", "LAT"),
    # the electrode of the right arm, or rectus abdominis; `EMG RA` is read
    "ra": ("RA",),
}
"""As above, but a stated side makes them clear (`LAT R`, `RA_L`)."""

PLACES: dict[str, tuple[str, ...]] = {
    "leg": ("TA",),
    "lleg": ("TA_L",),
    "rleg": ("TA_R",),
    "plm": ("TA",),
    "plml": ("TA_L",),
    "plmr": ("TA_R",),
    "chin": ("MENT",),
    "lchin": ("MENT_L",),
    "rchin": ("MENT_R",),
    "submental": ("MENT",),
    "arm": ("FDS", "EDC"),
    "larm": ("FDS_L", "EDC_L"),
    "rarm": ("FDS_R", "EDC_R"),
    "calf": ("GAS", "SOL"),
    "thigh": ("QUAD", "HAM"),
}
"""Places on the body: they hold EMG in a sleep study but name no muscle. Usual muscles there, as hints."""

STEMS = frozenset({"tib", "bic", "tric", "vast", "glut", "peron", "trap", "pect", "parasp", "es", "psp"})
"""Short beginnings that tell EMG even where the muscle stays open (`L Tib`)."""
