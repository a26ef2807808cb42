"""A fleet of real processes on one machine, for the stories of tests/system and for `scripts/bench zombies`.

```
fleet            worker processes, the Valkey and the stand-in that they work with
judge            what the stand-in holds, held against what it should
trouble          bringing workers into trouble, and seeing what became of them
troubled_worker  a worker that gets into it at a chosen seam
zombies          rounds of workers that are frozen past their lease, and woken
```
"""
