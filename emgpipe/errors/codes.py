"""Every code that emgpipe prints or writes: errors, findings, and reasons in rows.

`docs/codes.md` is written from this table; a test refuses a code that is not here.
"""

from typing import NamedTuple


class Code(NamedTuple):
    """What a code stands for.

    Attributes
    ----------
    kind : str
        `error` (no number is given), `finding` (the file is usable, said) or
        `reason` (why a row is not a plain value).
    meaning : str
        One sentence.
    """

    kind: str
    meaning: str


_E, _F, _R = "error", "finding", "reason"

CODES: dict[str, Code] = {
    # calls and settings
    "CHANNEL_UNKNOWN": Code(_E, "A channel was asked for that the recording does not have."),
    "CHANNEL_AMBIGUOUS": Code(_E, "A channel was asked for by a name that several signals carry."),
    "INTERVALS_INVALID": Code(_E, "Pairs of start and stop are unsorted, overlapping, reversed, empty or not numbers."),
    # why a hop is not usable
    "GAP": Code(_R, "The recording has a gap here."),
    "CLIPPED": Code(_R, "Samples lie at the limit of the amplifier."),
    "FLAT": Code(_R, "The signal does not move."),
    "QRS": Code(_R, "A heart beat covers the stretch."),
    "EDGE": Code(_R, "A filter starts or ends here."),
    "MAINS_JUMP": Code(_R, "A mains line jumps in phase or amplitude."),
    # settings files
    "SETTING_UNKNOWN": Code(_E, "A table or key of a settings file does not exist; the nearest known name is given."),
    "SETTING_INVALID": Code(_E, "A setting has a value of the wrong type or outside its range."),
    "TEXT_UNREADABLE": Code(_E, "A settings or study file is missing, unreadable, too large or not UTF-8."),
    "TOML_INVALID": Code(_E, "A file is not valid TOML."),
    # verdicts
    "RATE_TOO_LOW": Code(_R, "The sampling rate is too low for the analysis band; nothing is measured."),
    # simulation
    "SCENARIO_UNKNOWN": Code(_E, "A scenario was asked for that the simulator does not have."),
    "SIMULATION_INVALID": Code(_E, "A number given to the simulator cannot be meant."),
    "SIMULATION_UNWRITABLE": Code(_E, "Simulated samples or marks do not fit into an EDF+ file."),
    "WRITER_ABSENT": Code(_E, "The package that writes EDF+ is not installed (no wheel for this Python)."),
}
