"""What a worker shows over HTTP: metrics, health and readiness.

`pages` decides what is said, `server` says it. Both ports may be switched off; nothing else depends on them.
"""
