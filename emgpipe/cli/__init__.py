"""The command line: each command is thin, imports its room inside, and prints one line for an error.

`app` names the commands and their options; `talk` writes to people: results on stdout, all else on stderr.
Exit codes: 0 all well; 1 some recordings failed; 2 usage or settings; 3 input refused; 4 no input matched; 130
interrupted.
"""

import signal
import sys

_STOPS = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """Ctrl-C or SIGTERM; of a type of its own, as the interpreter ends by the signal after the plain one."""


def main() -> None:
    """Run `emgpipe` with the arguments of the process and leave with its exit code; SIGTERM is Ctrl-C."""
    for stop in _STOPS:
        if signal.getsignal(stop) is not signal.SIG_IGN:  # nohup, a job in the background
            signal.signal(stop, _stop)
    try:
        from emgpipe.cli.app import run

        code = run(sys.argv[1:])
    except Stopped:  # before the command was known
        sys.stderr.write("emgpipe: INTERRUPTED: stopped before anything was done\n")
        code = 130
    sys.exit(code)


def _stop(_number: int, _frame: object) -> None:
    """Stop once: an impatient second Ctrl-C must not break off the tidying up."""
    for stop in _STOPS:
        signal.signal(stop, signal.SIG_IGN)
    raise Stopped
