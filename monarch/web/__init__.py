"""What a worker shows over HTTP: metrics, health and readiness.

`pages` decides the answers, `server` gives them. Both ports may be switched off; nothing else depends on them.
"""
