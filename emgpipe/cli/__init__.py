"""The command line: each command is thin, imports its room inside, and prints one line for an error."""
