"""The command line: each command is thin, imports its room inside, and prints one line for an error.

`app` names the commands and their options; `talk` writes to people: results on stdout, all else on stderr.
Exit codes: 0 all well; 1 some recordings failed; 2 usage or settings; 3 input refused; 4 no input matched; 130
interrupted.
"""

import sys


def main() -> None:
    """Run `emgpipe` with the arguments of the process and leave with its exit code."""
    from emgpipe.cli.app import run

    sys.exit(run(sys.argv[1:]))
