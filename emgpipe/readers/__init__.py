"""EDF, EDF+, BDF and BDF+: an own strict header, an own block reader, and the bridge to and from MNE.

A header is read as bytes and checked against the size of the file before anything is
allocated; numbers are what the format's grammar says. What is not understood is refused
with a code, never repaired or guessed. Samples come in µV by blocks of bounded size, each
signal at its own rate; the stated time of each record makes the runs, and no gap is filled.
"""

from emgpipe.readers.edf import check_file, read_recording
from emgpipe.readers.mne_bridge import from_mne, to_mne
from emgpipe.readers.scan import file_sha256

__all__ = ["check_file", "file_sha256", "from_mne", "read_recording", "to_mne"]
