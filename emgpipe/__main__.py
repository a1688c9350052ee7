"""`python -m emgpipe` is `emgpipe`."""

from emgpipe.cli import main

if __name__ == "__main__":
    main()
