"""Where compiled kernels are kept: the compiler refuses to start where it can keep them nowhere."""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path


def cache_places() -> tuple[Path, ...]:
    """Folders that the compiler tries, in its order: the chosen one, the one beside the kernels, the user's."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    here = Path(__file__).parent / "__pycache__"
    return (*([Path(chosen)] if chosen else []), here, _of_user())


def _of_user() -> Path:
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 (a user without a home is no error)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", home)) / "numba" / "Cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "numba"
    return Path(os.environ.get("XDG_CACHE_HOME", home / ".cache")) / "numba"


def is_writable(folder: Path) -> bool:
    """Whether a file can be made in a folder, which is made where absent: rights alone do not tell."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def kept_place() -> Path | None:
    """Return the place where kernels are kept; without one, name a folder that goes with this process, return None."""
    found = next((place for place in cache_places() if is_writable(place)), None)
    if found is None:
        folder = tempfile.mkdtemp(prefix="emgpipe-kernels-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["NUMBA_CACHE_DIR"] = folder  # worker processes inherit it
        if "numba" in sys.modules:  # its settings were read already
            sys.modules["numba"].config.CACHE_DIR = folder
    return found
