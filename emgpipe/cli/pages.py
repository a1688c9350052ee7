"""Write the pages of the documentation that come from the package: `python -m emgpipe.cli.pages docs`."""

import sys
from pathlib import Path

from emgpipe.settings import codes_markdown, settings_markdown


def write_pages(folder: Path) -> None:
    """Write `settings.md` and `codes.md` into a folder that exists."""
    for name, text in (("settings.md", settings_markdown()), ("codes.md", codes_markdown())):
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
