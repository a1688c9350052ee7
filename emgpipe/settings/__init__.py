"""Settings of a run: the frozen tables that conditioning, detection and measures own, checked and composed.

A settings file is TOML with the tables `[condition]`, `[detect]` and `[measure]`. A key
that does not exist is refused with the nearest one that does, a value that cannot be meant
with what is allowed; both name the line. `fingerprint` tells two sets of settings apart;
`condition_fingerprint` is the part of it that frames depend on. `places` finds a key in a TOML text, `refusals`
puts what is allowed in words, `pages` writes the documentation.
"""

from emgpipe.settings.model import (
    RANGES,
    TABLES,
    Settings,
    check_settings,
    condition_fingerprint,
    fingerprint,
    load_settings,
    parse_settings,
    settings_schema,
    to_toml,
)
from emgpipe.settings.pages import codes_markdown, explain, settings_markdown
from emgpipe.settings.places import nearest, parse_toml, place_of, read_text
from emgpipe.settings.refusals import shown, what_is_allowed

__all__ = [
    "RANGES",
    "TABLES",
    "Settings",
    "check_settings",
    "codes_markdown",
    "condition_fingerprint",
    "explain",
    "fingerprint",
    "load_settings",
    "nearest",
    "parse_settings",
    "parse_toml",
    "place_of",
    "read_text",
    "settings_markdown",
    "settings_schema",
    "shown",
    "to_toml",
    "what_is_allowed",
]
