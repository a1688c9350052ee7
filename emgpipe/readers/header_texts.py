"""Texts of a header: their encoding, and letters that are no text."""

from collections.abc import Mapping, Sequence

from emgpipe.readers.findings import Findings, listed
from emgpipe.readers.header_fields import decode_text, odd_letter

TEXTS = ("label", "transducer", "unit", "prefilter", "reserved")
"""Fields of a signal that hold text."""


def check_texts(found: Findings, of_file: Mapping[str, bytes], of_signals: Mapping[str, Sequence[bytes]]) -> None:
    r"""Say which texts are not ASCII and how they are read, and which hold letters that move a cursor.

    Parameters
    ----------
    found : Findings
        Is told. Of a text that may name a person or a device only the odd letter itself is shown.
    of_file : mapping
        Name to bytes: patient, recording, reserved.
    of_signals : mapping
        Name to the bytes of each signal, by the names of `TEXTS`.

    Examples
    --------
    >>> found = Findings()
    >>> check_texts(found, {"patient": "Zoë\t".encode()}, {name: [] for name in TEXTS})
    >>> [(f.code, f.where, f.found) for f in found]
    [('TEXT_CONTROL', 'patient', "'\\t'"), ('TEXT_ENCODING', 'header', 'letters beyond ASCII in patient')]
    """
    fields = list(of_file.items())
    named = found.places([decode_text(label)[0] for label in of_signals["label"]])
    fields += [(f"{named[i]}: {name}", field) for name in TEXTS for i, field in enumerate(of_signals[name])]
    used: dict[str, list[str]] = {}
    for where, field in fields:
        letter = odd_letter(field)
        if letter:
            found.warn("TEXT_CONTROL", where, ascii(letter), "letters, digits and signs", "shown written out")
        encoding = decode_text(field)[1]
        if encoding != "ascii":
            used.setdefault(encoding.upper(), []).append(where)
    for encoding, wheres in used.items():
        found.note("info", "TEXT_ENCODING", "header", f"letters beyond ASCII in {listed(wheres)}", "ASCII",
                   f"read as {encoding}")  # fmt: skip
