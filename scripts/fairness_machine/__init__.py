"""Fair order, measured: one team asked for while a large request is being filled, beside first come, first served.

- `cases`: the four cases, what each took, and the goal that they are held against.
- `simulated`: a whole installation in memory on a virtual clock, with the limits as they are set by default.
- `over_http`: real workers, a real Valkey and the sandbox, faster than in production.
"""
