"""Which file is whose visit: `study.toml` and `recordings.csv`, checked whole before any work.

`load_study` gives a frozen `Study`: what the files say, the resolved settings, and one
`Entry` a recording, sorted by subject, visit, task and run. Files that are missing are no error here: they
become failed rows. Nothing in this room knows an arm: a column that names one is refused.
`draft_study` writes both files for a folder of recordings, guesses marked.
"""

from emgpipe.study.draft import draft_study
from emgpipe.study.load import Study, load_study
from emgpipe.study.manifest import Entry, parse_manifest
from emgpipe.study.model import Floor, Pair
from emgpipe.study.segments import segment_of

__all__ = ["Entry", "Floor", "Pair", "Study", "draft_study", "load_study", "parse_manifest", "segment_of"]
