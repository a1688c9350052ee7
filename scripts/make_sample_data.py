"""Make `sample_data/` again: a small simulated crossover, byte for byte the one in the repository."""

import sys
from pathlib import Path

from emgpipe.errors import EmgpipeError
from emgpipe.simulate import SAMPLE_SEED, simulate_trial


def main(arguments: list[str]) -> int:
    """Write the sample data to the folder named, or to `sample_data` beside `scripts`; return the exit code."""
    folder = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[1] / "sample_data"
    try:
        print(simulate_trial(folder, SAMPLE_SEED))
    except EmgpipeError as error:
        print(f"make_sample_data: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
