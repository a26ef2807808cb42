"""The stages: *receive a delivery, decide, act, settle*.

One consumer loop and three handlers, `handle(delivery, hold) -> Verdict`. No handler acknowledges, claims or appends:
the loop settles what the handler decided. Beside them the intake, which only appends, and the reclaimer, which brings
stalled deliveries back into the same loop.

Stages know ports and the core, and no client library; they are anyio only, so their tests run on a virtual clock.
"""
