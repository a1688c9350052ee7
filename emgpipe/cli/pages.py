"""Write the pages of the documentation that come from the package: `python -m emgpipe.cli.pages docs`."""

import sys
from pathlib import Path

from emgpipe.batch.pages import measures_markdown, outputs_markdown
from emgpipe.muscles import muscles_markdown
from emgpipe.settings import codes_markdown, settings_markdown
from emgpipe.tuning.pages import tuning_tables_markdown

PAGES = {
    "settings.md": settings_markdown,
    "codes.md": codes_markdown,
    "measures.md": measures_markdown,
    "muscles.md": muscles_markdown,
    "outputs.md": outputs_markdown,
    "tuning_tables.md": tuning_tables_markdown,
}
"""Page -> the function that writes its text."""


def write_pages(folder: Path) -> None:
    """Write every page of `PAGES` into a folder that exists."""
    for name, text in PAGES.items():
        (folder / name).write_text(text(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
