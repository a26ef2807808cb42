"""The bench of the write budget: hidden limits, our policy and its rivals on a virtual clock; the parts of `scripts/bench budget`.

```
hidden      GitHub, as far as a budget can feel it
engine      a clock that only the events move, and processes that wait by it
door        what a policy sees of GitHub, and what is measured of it
fleet       our policy: the same pure functions as in production, and the scripts' arithmetic
rivals      three others
cases       what is run, and what must come of it
moods       refusals that have nothing to do with counts
table       for people, and as JSON
over_http   the same policy through real scripts, a real client and the sandbox, sixty times as fast
```
"""
