"""The catalogue: muscles, body regions, sides, antagonist pairs. One page, to be read and corrected by clinicians."""

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

Region = Literal["lower trunk", "upper trunk", "legs", "arms", "face", "abdomen"]
Part = Literal["axial", "limb"]


class Muscle(NamedTuple):
    """One muscle of the catalogue.

    Attributes
    ----------
    code : str
        As in `TA_R`, without the side.
    name : str
        Latin name, or the English name of a group.
    region : str
        One of the six body regions.
    part : str
        `axial` or `limb`.
    aliases : tuple of str
        Other whole names and abbreviations in use, lower case.
    """

    code: str
    name: str
    region: Region
    part: Part
    aliases: tuple[str, ...] = ()


# Code, name, other names in use (";" between). Single words that fit two muscles ("biceps", "gluteus") are left out
# on purpose; labels of two readings are listed in `dialects`.
#
# For a clinician to check, since another laboratory may mean something else:
#   AT   read as tibialis anterior ("anterior tibial" of sleep studies: RAT). LAT alone is not read: it is latissimus,
#        or left AT.
#   GM   read as gastrocnemius medialis; some write GM for gluteus maximus or medius. GL likewise: lateralis.
#   SO   read as soleus; TP as tibialis posterior, though surface electrodes hardly reach it.
#   ES, MF, IL  without a level are taken as lumbar; IL may be iliocostalis in papers on the back.
#   TRI  "triceps" is that of the arm, never triceps surae.  UT, LD, BB, TB: upper trapezius, latissimus dorsi,
#   biceps and triceps brachii.  TRA is never read from a label: transversus abdominis, or trapezius.
#   L before a name is left, not lateral ("L Gastroc").  "Tib" alone is not read: anterior or posterior.
_LEGS = """
TA    tibialis anterior         tib ant; at; anterior tibial; jambier anterieur
TP    tibialis posterior        tib post
GM    gastrocnemius medialis    mg; gastroc med; medial gastrocnemius; gastrocnemius medial head;
          gastrocnemius caput mediale
GL    gastrocnemius lateralis   lg; gastroc lat; lateral gastrocnemius; gastrocnemius lateral head;
          gastrocnemius caput laterale
GAS   gastrocnemius             gastroc; gastrocs
SOL   soleus                    so
PL    peroneus longus           fibularis longus; per long
PB    peroneus brevis           fibularis brevis
EDL   extensor digitorum longus
EHL   extensor hallucis longus
EDB   extensor digitorum brevis
AH    abductor hallucis
RF    rectus femoris            recto femoral; retto femorale
VL    vastus lateralis          vlo; lateral vastus; vasto lateral; vasto laterale
VM    vastus medialis           vmo; medial vastus; vasto medial; vasto mediale; vastus medialis obliquus
VI    vastus intermedius
QUAD  quadriceps femoris        quadriceps; quads
BF    biceps femoris            biceps femoral; bicipite femorale; bfl; bflh; biceps femoris long head;
          biceps femoris caput longum
ST    semitendinosus            semitend
SM    semimembranosus           semimemb
HAM   hamstrings                hamstring; hams; ischiocrurals
GMAX  gluteus maximus           glut max; glutmax
GMED  gluteus medius            glut med; glutmed
ADD   hip adductors             adductors; adductor; adductor longus; adductor magnus
GRA   gracilis
SAR   sartorius
TFL   tensor fasciae latae      tensor fascia lata; tensor fl
IL    iliopsoas                 iliacus
"""
_ARMS = """
BIC   biceps brachii            bb; biceps brachi; biceps br; biceps braquial; bicipite brachiale
TRI   triceps brachii           tb; triceps; triceps br; triceps lateralis; triceps brachii lateral head;
          triceps brachii long head
BRR   brachioradialis           brachiorad; brd
BRA   brachialis
PT    pronator teres
FCR   flexor carpi radialis     flex carp r
FCU   flexor carpi ulnaris      flex carp u
FDS   flexor digitorum superficialis
ECR   extensor carpi radialis   ecrl; ecrb; extensor carpi radialis longus; extensor carpi radialis brevis
ECU   extensor carpi ulnaris
EDC   extensor digitorum communis   extensor digitorum
APB   abductor pollicis brevis
ADM   abductor digiti minimi
FDI   first dorsal interosseus  first dorsal interosseous; 1st dorsal interosseus; 1st dorsal interosseous
DELT  deltoid                   deltoideus; delt
DELTANT   deltoid anterior      deltoideus anterior; anterior deltoid; deltoideus pars clavicularis
DELTMED   deltoid medial        deltoideus medius; middle deltoid; medial deltoid; lateral deltoid
DELTPOST  deltoid posterior     deltoideus posterior; posterior deltoid; deltoideus pars spinalis
"""
_UPPER_TRUNK = """
SCM   sternocleidomastoid       sternocleidomastoideus; sternomastoid
SPL   splenius capitis          splenius
TRAP  trapezius
TRAPSUP  trapezius superior     ut; utrap; up trap; upper trapezius; trapezius upper; trapezius descendens;
          trapezius pars descendens
TRAPMID  trapezius medius       mtrap; mid trap; middle trapezius; trapezius middle; trapezius transversus;
          trapezius pars transversa
TRAPINF  trapezius inferior     lower trapezius; trapezius lower; trapezius ascendens; trapezius pars ascendens
LAT   latissimus dorsi          latissimus; ld
PEC   pectoralis major          pectoralis
INF   infraspinatus
SER   serratus anterior
RHO   rhomboids                 rhomboideus
"""
_LOWER_TRUNK = """
PSP   lumbar paraspinals        paraspinals; paraspinal; lumbar paraspinal; paraspinal lumbar; lumbar psp; parasp
ES    erector spinae            errector spinae; lumbar es; es lumbar; lumbar erector spinae; erector spinae lumbar
MF    multifidus                lumbar multifidus
QL    quadratus lumborum
"""
_ABDOMEN = """
RA    rectus abdominis
EO    external oblique          obliquus externus; obliquus externus abdominis; oblique external
TRA   transversus abdominis
IO    internal oblique          obliquus internus; obliquus internus abdominis; oblique internal
"""
_FACE = """
MAS   masseter
TEMPORAL  temporalis
FRONT frontalis
CORR  corrugator supercilii     corrugator
ZYG   zygomaticus major         zygomaticus; zyg
OOC   orbicularis oculi         orb oculi
OOR   orbicularis oris          orb oris
MENT  mentalis
"""

# Agonist / antagonist; the same list serves both sides.
_PAIRS = """
TA/GM TA/GL TA/GAS TA/SOL  RF/BF VL/BF VM/ST VI/BF QUAD/HAM  IL/GMAX GMED/ADD
BIC/TRI BRR/TRI FCR/ECR FCU/ECU FDS/EDC DELT/LAT PEC/RHO  PSP/RA ES/RA MF/RA
"""

SIDES = {
    "R": (
        *("r", "right", "rt", "re", "rechts", "rechte", "rechter", "droit", "droite"),
        *("dcha", "dcho", "derecha", "derecho", "der", "dx", "destra", "destro", "dexter", "dext"),
    ),
    "L": (
        *("l", "left", "lt", "li", "links", "linke", "linker", "gauche"),
        *("izda", "izdo", "izquierda", "izquierdo", "izq", "sx", "sin", "sinistra", "sinistro", "sinister"),
    ),
}
"""Words that say the side in six languages and Latin; all but `r` and `l` as whole words only.

French and Spanish D, G, I alone are left out: they are letters of names too.
"""

_LEVEL = re.compile(r"[CTL]\d{1,2}")
_LAST_LEVEL = {"C": 7, "T": 12, "L": 5}


def _rows(text: str, region: Region, part: Part) -> Iterator[Muscle]:
    for line in re.sub(r";\s*\n", "; ", text.strip()).splitlines():
        code, rest = line.split(None, 1)
        name, *others = re.split(r"\s{2,}", rest.strip(), maxsplit=1)
        yield Muscle(code, name, region, part, tuple(a.strip() for a in ";".join(others).split(";") if a.strip()))


MUSCLES: dict[str, Muscle] = {
    muscle.code: muscle
    for rows in (
        _rows(_LEGS, "legs", "limb"),
        _rows(_ARMS, "arms", "limb"),
        _rows(_UPPER_TRUNK, "upper trunk", "axial"),
        _rows(_LOWER_TRUNK, "lower trunk", "axial"),
        _rows(_ABDOMEN, "abdomen", "axial"),
        _rows(_FACE, "face", "axial"),
    )
    for muscle in rows
}
"""The catalogue, by code."""

ANTAGONISTS: tuple[tuple[str, str], ...] = tuple((a, b) for a, b in (pair.split("/") for pair in _PAIRS.split()))
"""Antagonist pairs of codes, agonist first."""


def is_level(word: str) -> bool:
    """Tell whether a word names a vertebra: C1-C7, T1-T12, L1-L5."""
    return _LEVEL.fullmatch(word) is not None and 1 <= int(word[1:]) <= _LAST_LEVEL[word[0]]


def split_muscle(muscle: str) -> tuple[str, str, str]:
    """Take a muscle name apart.

    Parameters
    ----------
    muscle : str
        Such as `TA_R` or `ES_T12_L`.

    Returns
    -------
    code, level, side : str
        Level and side may be empty; all are empty where the name is not of this catalogue.

    Examples
    --------
    >>> split_muscle("ES_T12_L"), split_muscle("TA"), split_muscle("XX_R")
    (('ES', 'T12', 'L'), ('TA', '', ''), ('', '', ''))
    """
    code, *rest = muscle.split("_")
    side = rest.pop() if rest and rest[-1] in SIDES else ""
    level = rest.pop() if rest and code == "ES" and is_level(rest[-1]) else ""
    if code not in MUSCLES or rest:
        return "", "", ""
    return code, level, side


def is_muscle(muscle: str) -> bool:
    """Tell whether a name such as `TA_R` is of this catalogue."""
    return split_muscle(muscle)[0] != ""


def side_of(muscle: str) -> str:
    """Return `R`, `L`, or `""` where the side is unknown.

    Examples
    --------
    >>> side_of("TA_R"), side_of("ES_L3")
    ('R', '')
    """
    return split_muscle(muscle)[2]


def region_of(muscle: str) -> Region | Literal[""]:
    """Return the body region; `""` for a name that is not of this catalogue.

    Erector spinae count as upper trunk from C1 to T8, as lower trunk below and where no level is named.

    Examples
    --------
    >>> region_of("TA_R"), region_of("ES_T4_L"), region_of("PSP_L")
    ('legs', 'upper trunk', 'lower trunk')
    """
    code, level, _ = split_muscle(muscle)
    if not code:
        return ""
    if level and (level[0] == "C" or (level[0] == "T" and int(level[1:]) <= 8)):
        return "upper trunk"
    return MUSCLES[code].region


def part_of(muscle: str) -> Part | Literal[""]:
    """Return `axial` or `limb`; `""` for a name that is not of this catalogue.

    Examples
    --------
    >>> part_of("RA_L"), part_of("GM")
    ('axial', 'limb')
    """
    code = split_muscle(muscle)[0]
    return MUSCLES[code].part if code else ""


def name_of(muscle: str) -> str:
    """Write a muscle out for people; unknown names are returned as they are.

    Examples
    --------
    >>> name_of("TA_R"), name_of("ES_T12_L"), name_of("RF")
    ('right tibialis anterior', 'left erector spinae T12', 'rectus femoris')
    """
    code, level, side = split_muscle(muscle)
    if not code:
        return muscle
    words = [{"R": "right", "L": "left", "": ""}[side], MUSCLES[code].name, level]
    return " ".join(word for word in words if word)


def pairs_present(muscles: Iterable[str]) -> list[tuple[str, str]]:
    """Default antagonists among the muscles of a recording.

    Parameters
    ----------
    muscles : iterable of str
        Names such as `TA_R`; unknown names and repeats are passed over.

    Returns
    -------
    list of (agonist, antagonist)
        Both of one side, or both bare; in the order of the catalogue, right before left.

    Examples
    --------
    >>> pairs_present(["TA_R", "GM_R", "GM_L", "RF", "BF"])
    [('TA_R', 'GM_R'), ('RF', 'BF')]
    >>> pairs_present(["ES_T12_L", "RA_L"])
    [('ES_T12_L', 'RA_L')]
    """
    there: dict[tuple[str, str], list[str]] = {}
    for muscle in dict.fromkeys(muscles):
        code, _, side = split_muscle(muscle)
        there.setdefault((code, side), []).append(muscle)
    return [
        (first, second)
        for agonist, antagonist in ANTAGONISTS
        for side in ("R", "L", "")
        for first in there.get((agonist, side), ())
        for second in there.get((antagonist, side), ())
    ]
