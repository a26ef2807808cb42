"""The commands. Each parses its arguments, calls the work, and shows the result.

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration. Results go to standard output, everything
else to standard error. Tables are drawn on a terminal and plain in a pipe; `--json` is for programs.
Libraries are imported inside of the commands that use them: `monarch --help` should not wait for a web server.
"""
