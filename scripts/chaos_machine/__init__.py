"""The chaos machine: a fleet, everything that can happen to it, and a judge who looks at GitHub and not at Monarch.

```
catalogue   the kinds of faults: name, length, how often drawn, in which world                        pure
scenes      what a fault of the edges brings along: repositories, a template, a message               pure
timetable   seed -> what will be done and when, faults and requests                                  pure
store       the Valkey of a run: alone, or with a replica and three Sentinels (every other seed)
workers     the worker processes             worker_entry   one whose clock can be wrong
world       all of it together, the stand-in too, and the diary of what was done
hands       one function for each kind of fault            sender   the producers of requests
  hands_workers                    on worker processes
  deeds, deeds_places, deeds_strangers, deeds_heavy, deeds_memory, deeds_fleet      those of the edges
watch       Monarch's log as it is written, and looks at Valkey
losses      deliveries that lost their worker, from look to look                                      pure
record      what was done and seen, as values
gather      the truth, from the stand-in, from Monarch's words and from the diary
copies      tickets and copies by their titles, texts and authors, not by markers                    pure
places      which repository a name meant, and when                                                  pure
claims      who said "done", when                          pure
judge       what was owed against what is there            pure      timing   its part about time   pure
table       the one table
```

There are two worlds. In the `fence` things happen to Monarch and to its calls. In the `edges` the outside is not what it
seems, as well: a name leads to another repository, a source changes while it is read, GitHub acts late counted from when
it received, a memory goes back, strangers plant markers, clocks are wrong, texts are heavy.

To add a kind of fault: a line in `catalogue`, a function in `hands` or in one of the `deeds`. To add a kind of request: a method of `timetable`'s
wishes. To add a promise: a rule in `judge`, and a truth in its test that breaks it.

A breach is looked for again by its seed: the plan is the same, what the processes make of it is not. What was done,
when and to whom is in `faults.jsonl` of the kept folder, beside each worker's log and every call that GitHub saw.
"""
