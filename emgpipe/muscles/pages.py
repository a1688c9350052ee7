"""The catalogue as a page of the documentation."""

from emgpipe.muscles.catalogue import ANTAGONISTS, MUSCLES

_HEAD = """# Muscles

Written from the catalogue by `make docs`; do not edit. A muscle is named by its code and a side, `TA_R` or `TA_L`;
bare `TA` where the side is unknown. Erector spinae may carry a level: `ES_T12_R`. These are the names that
`[channels]`, `[[pairs]]` and `index_muscles` of a study.toml take. Most labels that use the code, the name or another
name in use are read without being named there.
"""


def muscles_markdown() -> str:
    """Write every muscle and every pair of antagonists as Markdown.

    Examples
    --------
    >>> print(muscles_markdown().splitlines()[0])
    # Muscles
    """
    lines = [_HEAD, "| code | muscle | region | part | other names in use |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| `{m.code}` | {m.name} | {m.region} | {m.part} | {', '.join(m.aliases)} |" for m in MUSCLES.values()]
    lines += ["", "## Antagonists", "Pairs that are taken where both are there, of one side:", ""]
    return "\n".join(lines) + "\n" + ", ".join(f"{a}/{b}" for a, b in ANTAGONISTS) + ".\n"
