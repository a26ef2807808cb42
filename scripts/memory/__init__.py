"""A Valkey in memory: the commands that Monarch's scripts and adapters use, on a clock that is given.

It runs the Lua that is shipped, behind the client that is shipped. What it answers is held against a real server by
`tests/memory`, command by command. It stands here, and not in `tests`, because the budget machine asks `permit.lua`
too, and tests may import from scripts, but not the other way round.
"""
