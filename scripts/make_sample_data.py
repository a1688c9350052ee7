"""Make `sample_data/` again: a small simulated crossover, byte for byte the one in the repository."""

import sys
from pathlib import Path

from emgpipe.simulate import SAMPLE_SEED, simulate_trial


def main(arguments: list[str]) -> None:
    """Write the sample data to the folder named, or to `sample_data` beside `scripts`."""
    folder = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[1] / "sample_data"
    print(simulate_trial(folder, SAMPLE_SEED))


if __name__ == "__main__":
    main(sys.argv[1:])
