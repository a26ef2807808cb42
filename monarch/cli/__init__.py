"""The commands that people give. Each parses, hands on, and shows what came of it.

Exit codes: 0 done, 1 it failed, 2 wrong usage or configuration. Results go to standard output, everything
else to standard error. Tables are drawn on a terminal and plain where piped; `--json` is for programs.
Libraries are imported inside of the commands that use them: `monarch --help` should not wait for a web server.
"""
