"""The stages: *receive a delivery, decide, act, settle*.

One consumer loop and three handlers, `handle(delivery, hold) -> Verdict`. No handler acknowledges, claims or appends:
the loop settles what the handler decided. Beside them the intake, which only appends, and the reclaimer, which brings
stalled deliveries back into the same loop.

In the order of the way: `intake`, then `consumer` with a `lease` for each delivery and a `pause` for all of them, and
its handlers `planner`, `migrator` and `notifier`; behind them the `reclaimer`. The migrator works through `crossing`
and `after`. `missed` sweeps for missed repositories, `rehearsal` is the dry run, and `support` holds what all of them
lean on.

Stages know ports and the core, and no client library; they are anyio only, so their tests run on a virtual clock.
"""
