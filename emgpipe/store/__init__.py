"""What lies on disk: content keys, files that appear whole or not at all, one lock, a chained log, frames.

A unit of work is named by `content_key` of everything it depends on, so a rerun finds what is done
and nothing stale is ever used. Every write goes to another name in the same folder, is forced to disk and then
renamed. `OutputLock` keeps two runs off one folder. `AuditLog` writes a log whose lines
carry the hash of the line before. `save_frames` and `load_frames` keep frames as plain `.npy` files.
"""

from emgpipe.store.atomic import leftovers, put_file, sweep, write_bytes, write_text
from emgpipe.store.frames import load_frames, save_frames
from emgpipe.store.hashed import read_hashed, write_hashed
from emgpipe.store.keys import content_key, frames_key
from emgpipe.store.lock import OutputLock, read_lock
from emgpipe.store.log import TORN, AuditLog, LastLine, LogProblem, check_log, last_line, log_events
from emgpipe.store.places import read_json, refuse_links
from emgpipe.store.seal import SEAL_NAME, Seal, file_digest, read_seal, write_seal
from emgpipe.store.tables import cell, cell_text, csv_text, json_line, json_text, read_csv, write_csv, write_json
from emgpipe.store.together import replaced_together, stops_deferred

__all__ = [
    "SEAL_NAME",
    "TORN",
    "AuditLog",
    "LastLine",
    "LogProblem",
    "OutputLock",
    "Seal",
    "cell",
    "cell_text",
    "check_log",
    "content_key",
    "csv_text",
    "file_digest",
    "frames_key",
    "json_line",
    "json_text",
    "last_line",
    "leftovers",
    "load_frames",
    "log_events",
    "put_file",
    "read_csv",
    "read_hashed",
    "read_json",
    "read_lock",
    "read_seal",
    "refuse_links",
    "replaced_together",
    "save_frames",
    "stops_deferred",
    "sweep",
    "write_bytes",
    "write_csv",
    "write_hashed",
    "write_json",
    "write_seal",
    "write_text",
]
