"""A Valkey in memory: the commands that Monarch's scripts and adapters use, on a clock that is given.

It runs the Lua that is shipped, behind the client that is shipped. What it answers is held against a real server by
`tests/memory`, command by command. It stands beside the other machines that tests use, since tests may import from
scripts, but not the other way round.
"""
