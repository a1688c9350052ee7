"""What every test stands on."""

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # a suite in the background of a shell inherits that, and so would the runs that tests interrupt
    signal.signal(signal.SIGINT, signal.default_int_handler)
