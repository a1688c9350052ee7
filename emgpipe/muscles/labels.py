"""Amplifier labels read as muscles; nothing is guessed."""

import difflib
import re
import unicodedata
from itertools import permutations
from typing import Literal

from emgpipe.muscles.catalogue import MUSCLES, SIDES, is_level

# Words beside a muscle that say nothing about which one it is.
_FILLER = re.compile(
    r"\bm\.(?= )|\b(?:s?emg|surface|needle|raw|muscle|musculus|ch|chan|channel|sensor)(?:[ .:]*\d+)?\b"
)
_REFERENCE = re.compile(r"[-_ ]+(?:ref|avg)$")
_ECG = re.compile(r"(?:ecg|ekg)(?:[lr]|\d{0,2}|v\d|i{1,3})?")
_EMG = re.compile(r"s?emg\d{0,3}")
_NOT_MUSCLE = re.compile(
    r"(?:eeg|eog|acc|accel|accelerometer|accelero|gyro|gyroscope|mag|imu|angle|gonio|goniometer|force|torque|load|"
    r"trigger|trig|status|stim|stimulus|sync|marker|event|button|pressure|temperature|resp|spo2|pleth|audio)"
    r"[xyz]?\d{0,2}"
)
# Short forms with two readings: left or lumbar, left or longus, left or lower, temporalis or temperature.
_TWO_READINGS = frozenset({"esl", "pspl", "addl", "trapl", "ltrap", "temp"})
_CUT_CHARACTERS = 16  # an EDF label holds no more


_SIDE_OF_WORD = {word: side for side, words in SIDES.items() for word in words}
_CODE_OF_NAME = {name: m.code for m in MUSCLES.values() for name in (m.code.lower(), m.name, *m.aliases)}
_HEAD_WORDS = {m.name.split()[0] for m in MUSCLES.values()} - {"external", "first", "hip", "internal", "lumbar"}
_CODES_OF_WORDS: dict[int, list[tuple[str, tuple[str, ...]]]] = {}
for _name, _code in _CODE_OF_NAME.items():
    _CODES_OF_WORDS.setdefault(len(_name.split()), []).append((_code, tuple(_name.split())))


def muscle_of_label(label: str) -> str:
    """Read an amplifier's label as a muscle.

    Parameters
    ----------
    label : str
        As written in the file; a label of 16 characters may be cut short.

    Returns
    -------
    str
        `TA_R`; `TA` where the label names no side; `""` where it names no muscle, or more than one.

    Notes
    -----
    Understood are codes and Latin names, words shortened to three letters or more in any
    order, sides before or behind or glued to a code, and the words `EMG`, `ch 3`, `-REF`
    around them. A single word that fits two muscles ("Biceps") is read as none.

    Examples
    --------
    >>> [muscle_of_label(x) for x in ("EMG Tib.Ant. right", "L_Biceps_Bra", "RTA", "EMG RF", "ES T12 R")]
    ['TA_R', 'BIC_L', 'TA_R', 'RF', 'ES_T12_R']
    >>> [muscle_of_label(x) for x in ("Biceps", "EMG1", "KNEE ANGLE", "TA R-L")]
    ['', '', '', '']
    """
    tokens = _tokens(label)
    if _names_no_muscle(tokens):
        return ""
    sides = {_SIDE_OF_WORD[t] for t in tokens if t in _SIDE_OF_WORD}
    words = [t for t in tokens if t not in _SIDE_OF_WORD]
    if len(sides) > 1 or not words:
        return ""
    return _join(words, "".join(sides), cut=len(label.rstrip()) >= _CUT_CHARACTERS)


def kind_of_label(label: str) -> Literal["emg", "ecg", "other"]:
    """Say what a label stands for.

    Parameters
    ----------
    label : str
        As written in the file.

    Returns
    -------
    str
        `emg` (says so, or names a muscle, be it ambiguously), `ecg` (a heart lead) or `other`.

    Examples
    --------
    >>> [kind_of_label(x) for x in ("EMG ch3", "TA_R", "Biceps", "ECG II", "ACC TA_R x", "Status")]
    ['emg', 'emg', 'emg', 'ecg', 'other', 'other']
    """
    tokens = _WORD.findall(_plain(label))
    if any(_NOT_MUSCLE.fullmatch(t) for t in tokens):
        return "other"
    if any(_ECG.fullmatch(t) for t in tokens):
        return "ecg"
    if any(_EMG.fullmatch(t) or t in _HEAD_WORDS for t in tokens) or muscle_of_label(label):
        return "emg"
    return "other"


def nearest_muscles(label: str, most: int = 3) -> list[str]:
    """Muscles that a label could have meant, for "did you mean".

    Parameters
    ----------
    label : str
        As written in a file or in settings.
    most : int
        Longest list.

    Returns
    -------
    list of str
        Nearest first; with the side where the label names one. May be empty.

    Examples
    --------
    >>> nearest_muscles("Biceps R")
    ['BF_R', 'BIC_R', 'TRI_R']
    >>> nearest_muscles("tibalis antrior")[0]
    'TA'
    """
    tokens = _tokens(label)
    sides = {_SIDE_OF_WORD[t] for t in tokens if t in _SIDE_OF_WORD}
    words = [t for t in tokens if t not in _SIDE_OF_WORD]
    suffix = f"_{sides.pop()}" if len(sides) == 1 else ""
    close = difflib.get_close_matches(" ".join(words), _CODE_OF_NAME, n=most, cutoff=0.6)
    long_words = {w for w in words if len(w) >= 4}
    sharing = [code for name, code in _CODE_OF_NAME.items() if long_words & set(name.split())]
    codes = dict.fromkeys([*sharing, *(_CODE_OF_NAME[name] for name in close)])
    return [code + suffix for code in codes][:most]


_WORD = re.compile(r"[^\W_]+")


def _plain(label: str) -> str:
    return unicodedata.normalize("NFKC", label).casefold().strip()


def _tokens(label: str) -> list[str]:
    """Lower-case words of a label, without the words that say nothing."""
    plain = _REFERENCE.sub("", _plain(label)).replace("_", " ")
    return _WORD.findall(_FILLER.sub(" ", plain))


def _names_no_muscle(tokens: list[str]) -> bool:
    return any(_NOT_MUSCLE.fullmatch(t) or _ECG.fullmatch(t) for t in tokens)


def _join(words: list[str], side: str, *, cut: bool) -> str:
    """Put code, level and side together, or give up."""
    level = words[-1].upper() if is_level(words[-1].upper()) and len(words) > 1 else ""
    found = _readings(words[:-1] if level else words, cut=cut and not level)
    if side:
        found = {(code, side) for code, glued in found if glued == ""}
    if len(found) != 1:
        return ""
    code, side = found.pop()
    if level and code not in ("ES", "PSP"):
        return ""
    # a paraspinal lead with a level is the erector spinae at that level
    return "_".join(part for part in ("ES" if level else code, level, side) if part)


def _readings(words: list[str], *, cut: bool) -> set[tuple[str, str]]:
    """Every (code, glued side) that the words can mean."""
    name = " ".join(words)
    if name in _TWO_READINGS:
        return set()
    if name.upper() in MUSCLES:  # our own code means itself, also where SO + L could be read
        return {(name.upper(), "")}
    exact = {(_CODE_OF_NAME[name], "")} if name in _CODE_OF_NAME else set()
    found = exact | _glued(name) if len(words) == 1 else exact
    return found or {(code, "") for code in _shortened(words, cut=cut)}


def _glued(word: str) -> set[tuple[str, str]]:
    """Read `RTA` and `TAR`: a code with its side before or behind."""
    splits = [(word[:-1], word[-1]), (word[1:], word[0])]
    return {(_CODE_OF_NAME[rest], side.upper()) for rest, side in splits if side in "rl" and rest in _CODE_OF_NAME}


def _shortened(words: list[str], *, cut: bool) -> set[str]:
    """Codes whose name has exactly these words, each shortened to three letters or more.

    The last word of a label that was cut may be shorter still.
    """
    shortest = 3 if len(words) > 1 else 4  # a word alone says less
    least = [shortest] * (len(words) - 1) + [1 if cut else shortest]
    return {
        code
        for code, full in _CODES_OF_WORDS.get(len(words), ())
        if any(
            all(w == f or (len(w) >= n and f.startswith(w)) for w, n, f in zip(words, least, order, strict=True))
            for order in permutations(full)
        )
    }
