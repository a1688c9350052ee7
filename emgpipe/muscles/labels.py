"""Amplifier labels read as muscles; nothing is guessed."""

import difflib
import re
import unicodedata
from functools import lru_cache
from itertools import permutations
from typing import Literal

from emgpipe.muscles import dialects
from emgpipe.muscles.catalogue import MUSCLES, SIDES, is_level, side_of

_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SIDE_OF_WORD = {word: side for side, words in SIDES.items() for word in words}
_CODE_OF_NAME = {name: m.code for m in MUSCLES.values() for name in (m.code.lower(), m.name, *m.aliases)}
_HEAD_WORDS = {m.name.split()[0] for m in MUSCLES.values()} - {
    *("external", "first", "hip", "internal", "lumbar", "transversus"),
}
_CODES_OF_WORDS: dict[int, list[tuple[str, tuple[str, ...]]]] = {}
for _name, _code in _CODE_OF_NAME.items():
    _CODES_OF_WORDS.setdefault(len(_name.split()), []).append((_code, tuple(_name.split())))
_ORDERS_OF_WORDS = {
    n: [(code, tuple(permutations(full))) for code, full in names] for n, names in _CODES_OF_WORDS.items()
}
_VAGUE_WORDS = {"digiti", "external", "internal"}  # of ports and inputs of amplifiers too
_LONG_WORDS = sorted({word for name in _CODE_OF_NAME for word in name.split() if len(word) >= 5} - _VAGUE_WORDS)
_STARTS = {word[:3] for name in _CODE_OF_NAME for word in name.split()}


def muscle_of_label(label: str) -> str:
    """Read an amplifier's label as a muscle.

    Parameters
    ----------
    label : str
        As written in the file; a label of exactly 16 characters may be cut short.

    Returns
    -------
    str
        `TA_R`; `TA` where the label names no side; `""` where it names no muscle, or more than one.

    Notes
    -----
    Understood are codes and Latin names; words shortened to three letters or more, in any
    order or run together (`TibAnt`); sides before or behind, as words of six languages or
    glued to the name; a vertebra beside a paraspinal muscle; both electrodes of a bipolar
    pair; and words of amplifiers around them. A single electrode (`TA_R+`) is no bipolar lead
    and is not read. What has two readings is read as none: `dialects` lists such labels.

    Examples
    --------
    >>> [muscle_of_label(x) for x in ("EMG Tib.Ant. right", "L_Biceps_Bra", "RTA", "EMG RF", "T12 ES R")]
    ['TA_R', 'BIC_L', 'TA_R', 'RF', 'ES_T12_R']
    >>> [muscle_of_label(x) for x in ("LTibAnt", "RAT1-RAT2", "M. tibialis ant. re", "LT LUMBAR ES, uV")]
    ['TA_L', 'TA_R', 'TA_R', 'ES_L']
    >>> [muscle_of_label(x) for x in ("Biceps", "EMG1", "KNEE ANGLE", "TA R-L", "LAT", "TA_R+")]
    ['', '', '', '', '', '']
    """
    found = _meanings(label)
    return next(iter(found)) if len(found) == 1 and not _is_open(label) else ""


def kind_of_label(label: str) -> Literal["emg", "ecg", "other"]:
    """Say what a label stands for.

    Parameters
    ----------
    label : str
        As written in the file.

    Returns
    -------
    str
        `emg` (says so, or names a muscle or a place of EMG in a sleep study, be it ambiguously), `ecg` (a heart
        lead) or `other`.

    Examples
    --------
    >>> [kind_of_label(x) for x in ("EMG ch3", "TA_R", "Biceps", "ECG II", "ACC TA_R x", "Status")]
    ['emg', 'emg', 'emg', 'ecg', 'other', 'other']
    >>> [kind_of_label(x) for x in ("LAT", "Chin1", "LEG/L", "EMG100C", "EEG T3")]
    ['emg', 'emg', 'emg', 'emg', 'other']
    """
    tokens = _WORD.findall(_plain(label).casefold())
    if any(dialects.NOT_MUSCLE.fullmatch(t) for t in tokens):
        return "other"
    if any(dialects.ECG.fullmatch(t) for t in tokens):
        return "ecg"
    if any(dialects.EMG.fullmatch(t) or _is_head(t) for t in tokens) or _is_place(tokens):
        return "emg"
    return "emg" if _meanings(label) else "other"


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
    >>> nearest_muscles("tibalis antrior")[0], nearest_muscles("LAT"), nearest_muscles("Leg L")
    ('TA', ['TA_L', 'LAT'], ['TA_L'])
    """
    tokens = _tokens(_plain(label))
    sides = {_SIDE_OF_WORD[t] for t in tokens if t in _SIDE_OF_WORD}
    words = [t for t in tokens if t not in _SIDE_OF_WORD]
    suffix = f"_{sides.pop()}" if len(sides) == 1 else ""
    places = [code for t in words for code in dialects.PLACES.get(t.rstrip("0123456789"), ())]
    stated = [*sorted(_meanings(label), key=_reading_order), *places]
    sharing = _sharing(words)
    close = difflib.get_close_matches(" ".join(words), _CODE_OF_NAME, n=most, cutoff=0.6)
    found = stated or [*sharing, *(_CODE_OF_NAME[name] for name in close)]
    return list(dict.fromkeys(m if side_of(m) else m + suffix for m in found))[:most]


def likely_muscles(label: str) -> list[str]:
    """Muscles that a label of kind `other` seems to mean but for a slip or an electrode's number.

    Parameters
    ----------
    label : str
        As written in the file.

    Returns
    -------
    list of str
        Nearest first. Empty for labels of other quantities, of the heart and of the scalp, and where
        no word is a code of the catalogue or nearly a word of one of its names.

    Examples
    --------
    >>> likely_muscles("Soleuss R")[0], likely_muscles("TA_R 2"), likely_muscles("TA1")[0]
    ('SOL_R', ['TA_R'], 'TA')
    >>> [likely_muscles(x) for x in ("EEG F3", "TP7", "ACC TA_R x", "ECG II", "Thorax", "CH1", "noise")]
    [[], [], [], [], [], [], []]
    """
    tokens = _tokens(_plain(label))
    words = [t.rstrip("0123456789") for t in tokens if t not in _SIDE_OF_WORD]
    name = " ".join(words)
    if _names_no_muscle(_WORD.findall(_plain(label).casefold())) or dialects.TWO_READINGS.get(name) == ():
        return []
    codes = [_CODE_OF_NAME[w] for w in words if len(w) > 1 and w in _CODE_OF_NAME and w not in dialects.ELECTRODES]
    long_words = [w for w in words if len(w) >= 5 and w not in _VAGUE_WORDS]
    slips = [m for w in long_words for m in difflib.get_close_matches(w, _LONG_WORDS, n=1, cutoff=0.72)]
    if not (codes or slips):
        return []
    sides = {_SIDE_OF_WORD[t] for t in tokens if t in _SIDE_OF_WORD}
    meant = [f"{code}_{''.join(sides)}" if len(sides) == 1 else code for code in dict.fromkeys(codes)]
    return meant or nearest_muscles(label) or nearest_muscles(" ".join([*slips, *sides]))


def _reading_order(muscle: str) -> tuple[bool, str]:
    return side_of(muscle) == "", muscle


def _sharing(words: list[str]) -> list[str]:
    """Codes of the names that share a whole word, or else the beginning of one."""
    long_words = {w for w in words if len(w) >= 4}
    whole = [code for name, code in _CODE_OF_NAME.items() if long_words & set(name.split())]
    starts = tuple(w for w in words if len(w) >= 3)
    return whole or [
        code for name, code in _CODE_OF_NAME.items() if any(n.startswith(s) for n in name.split() for s in starts)
    ]


def _plain(label: str) -> str:
    """One form for all letters: widths, accents and blanks at the ends do not count; a long text is cut."""
    most = dialects.LONGEST + 1
    bare = unicodedata.normalize("NFKD", label.strip()[:most])
    return "".join(c for c in bare if not unicodedata.combining(c)).strip()[:most]


def _tokens(text: str) -> list[str]:
    """Lower-case words of a label, without the words that say nothing."""
    plain = dialects.REFERENCE.sub("", dialects.UNIT.sub("", text.casefold()))
    plain = dialects.NUMBERED.sub("", dialects.MUSCULUS.sub(r"\1", plain))
    return _WORD.findall(dialects.FILLER.sub(" ", plain.replace("_", " ")))


def _is_head(word: str) -> bool:
    """Tell a main word of muscle names, or a beginning of one that nothing else has."""
    return word in dialects.STEMS or any(
        word == head or (len(word) > 4 and head.startswith(word)) for head in _HEAD_WORDS
    )


def _is_place(tokens: list[str]) -> bool:
    """Tell a label of nothing but places, sides and numbers: `Leg/L`, `Chin1-Chin2`, `L Arm`."""
    stems = [t.rstrip("0123456789") for t in tokens]
    known = [stem in dialects.PLACES for stem in stems]
    return any(known) and all(k or s == "" or s in _SIDE_OF_WORD for k, s in zip(known, stems, strict=True))


def _names_no_muscle(tokens: list[str]) -> bool:
    return any(dialects.NOT_MUSCLE.fullmatch(t) or dialects.ECG.fullmatch(t) for t in tokens)


def _is_open(label: str) -> bool:
    """Tell a label that is never read though it may have a single known meaning."""
    text = _plain(label)
    if text.endswith(("+", "-")) and not _stem_of_pair(text):
        return True  # one electrode of a lead
    tokens = _tokens(_stem_of_pair(text) or text)
    words = [t for t in tokens if t not in _SIDE_OF_WORD]
    name = " ".join(words)
    if name in dialects.TWO_READINGS_BARE and len(words) == len(tokens):
        says_emg = any(dialects.EMG.fullmatch(t) for t in _WORD.findall(text.casefold()))
        return not (says_emg and len(dialects.TWO_READINGS_BARE[name]) == 1)
    return name in dialects.TWO_READINGS


def _stem_of_pair(text: str) -> str:
    """Stem of a bipolar pair, `""` where the text is none."""
    pair = dialects.PAIR.fullmatch(text)
    if pair is None or {pair[2], pair[4]} not in dialects.HALVES:
        return ""
    first, second = _tokens(pair[1]), _tokens(pair[3])
    return pair[1] if first and first == second and " ".join(first) not in dialects.ELECTRODES else ""


@lru_cache(maxsize=4096)
def _meanings(label: str) -> frozenset[str]:
    """Every muscle that a label can mean."""
    text = _plain(label)
    stem = _stem_of_pair(text)
    cut = not stem and dialects.CUT_CHARACTERS in (len(label.rstrip()), len(label.rstrip().encode(errors="replace")))
    tokens = _tokens(stem or text)
    if _names_no_muscle(tokens) or len(text) > dialects.LONGEST:
        return frozenset()
    humps = _tokens(_HUMP.sub(" ", stem or text))
    found = _of_tokens(tokens, cut=cut)
    return frozenset(found if found or humps == tokens else _of_tokens(humps, cut=cut))


def _of_tokens(tokens: list[str], *, cut: bool) -> set[str]:
    words = [t for t in tokens if t not in _SIDE_OF_WORD]
    sides = {_SIDE_OF_WORD[t] for t in tokens if t in _SIDE_OF_WORD}
    if not words or len(sides) > 1:
        return set()
    found = _named(words, "".join(sides), cut=cut)
    if found and cut and tokens[-1] in ("r", "l"):
        # the last letter of a cut label may begin a word of the name as well as say the side
        found |= _beginning([*words, tokens[-1]], [3] * len(words) + [1])
    elif cut and not (found or sides) and len(words) > 1:
        begun = {side for word, side in _SIDE_OF_WORD.items() if len(words[-1]) > 1 and word.startswith(words[-1])}
        found = _named(words[:-1], begun.pop(), cut=False) if len(begun) == 1 else set()
    return found


def _named(words: list[str], side: str, *, cut: bool) -> set[str]:
    """Put code, level and side together in every way that the words allow."""
    name = " ".join(words)
    known = dialects.TWO_READINGS.get(name, () if side else dialects.TWO_READINGS_BARE.get(name))
    if known or name in dialects.TWO_READINGS:
        return {m if side_of(m) or not side else f"{m}_{side}" for m in known or ()}
    levels = [w for w in words if _level(w)] if len(words) > 1 else []
    rest = [w for w in words if w not in levels]
    if len(levels) > 1 or not rest:
        return set()
    found = _readings(rest, cut=cut and not levels)
    if side:
        found = {(code, side) for code, glued in found if glued == ""}
    if levels:
        # a paraspinal lead with a level is the erector spinae at that level
        return {_join("ES", _level(levels[0]), s) for code, s in found if code in ("ES", "PSP")}
    return {_join(code, s) for code, s in found}


def _join(*parts: str) -> str:
    return "_".join(part for part in parts if part)


def _level(word: str) -> str:
    """Return the vertebra that a word names (`t12`, `th12`), or `""`."""
    vertebra = ("t" + word[2:] if word.startswith("th") else word).upper()
    return vertebra if is_level(vertebra) else ""


def _readings(words: list[str], *, cut: bool) -> set[tuple[str, str]]:
    """Every (code, glued side) that the words can mean."""
    name = " ".join(words)
    if name.upper() in MUSCLES:  # our own code means itself, also where SO + L could be read
        return {(name.upper(), "")}
    exact = {(_CODE_OF_NAME[name], "")} if name in _CODE_OF_NAME else set()
    found = exact | _glued(name) if len(words) == 1 else exact
    if found and not cut:
        return found
    found |= {(code, "") for code in _shortened(words, cut=cut)}
    return found if found or len(words) > 1 else _run_together(name, cut=cut)


def _glued(word: str) -> set[tuple[str, str]]:
    """Read `RTA` and `TAR`: a code with its side before or behind."""
    return {(_CODE_OF_NAME[rest], side) for rest, side in _without_side(word) if rest in _CODE_OF_NAME}


def _without_side(word: str) -> list[tuple[str, str]]:
    splits = [(word[:-1], word[-1:]), (word[1:], word[:1])]
    return [(rest, side.upper()) for rest, side in splits if side in ("r", "l")]


def _run_together(word: str, *, cut: bool) -> set[tuple[str, str]]:
    """Read `TIBANT`, `LTIBANT` and `TIBANTR`: two shortened words without a blank."""
    return {
        (code, side)
        for whole, side in [(word, ""), *_without_side(word)]
        for at in range(3, len(whole) - 2)
        for code in _shortened([whole[:at], whole[at:]], cut=cut)
    }


def _shortened(words: list[str], *, cut: bool) -> set[str]:
    """Codes whose name has exactly these words, each shortened to three letters or more.

    The last word of a label that was cut may be shorter still. Where a longer name begins
    with the same words, that one may be meant as well.
    """
    if not all(w[:3] in _STARTS for w in words[:-1]):
        return set()
    shortest = 3 if len(words) > 1 else 4  # a word alone says less
    least = [shortest] * (len(words) - 1) + [1 if cut else shortest]
    found = {
        code
        for code, orders in _ORDERS_OF_WORDS.get(len(words), ())
        if any(_begins(words, order, least) for order in orders)
    }
    if not found or len(words) == 1:  # a name of one word is that of a whole group
        return found
    return found | _beginning(words, least)


def _beginning(words: list[str], least: list[int]) -> set[str]:
    """Codes of the names that begin with these words."""
    return {
        code
        for n, names in _CODES_OF_WORDS.items()
        for code, full in names
        if n >= len(words) and _begins(words, full[: len(words)], least)
    }


def _begins(words: list[str], full: tuple[str, ...], least: list[int]) -> bool:
    return all(w == f or (len(w) >= n and f.startswith(w)) for w, n, f in zip(words, least, full, strict=True))
