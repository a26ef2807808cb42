"""A fleet of real processes on one machine, for the stories of tests/system and for `scripts/bench zombies`.

```
fleet            the fleet of `monarch.sandbox.fleet` as a test waits for it, and its template
judge            what the judge of `monarch.sandbox.judge` found, as assertions; what Slack reads
trouble          bringing workers into trouble, and seeing what became of them
troubled_worker  a worker that gets into it at a chosen seam
zombies          rounds of workers that are frozen past their lease, and woken
```
"""
