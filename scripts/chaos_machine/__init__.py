"""The chaos machine: a fleet, everything that can happen to it, and a judge who looks at GitHub and not at Monarch.

```
catalogue   the kinds of faults: name, length, how often drawn, in which world                        pure
scenes      what a fault brings along: repositories, a template, a message                           pure
wishes      the messages of a run        scenery   the scenes of its faults                          pure
timetable   seed -> what will be done and when, faults and requests                                  pure
store       the Valkey of a run: alone, or with a replica and three Sentinels (every other seed)
workers     the worker processes             worker_entry   one whose clock can be wrong
world       all of it together, the stand-in too, and the diary of what was done
sender      the producers of requests, and commands as people give them
watch       Monarch's log as it is written, and looks at Valkey
record      what was done and seen, as values
gather      the truth, from the stand-in, from Monarch's words and from the diary
table       the one table

hands/      one function for each kind of fault
  hands        on Valkey, GitHub, Slack, by people        workers   on worker processes
  deeds, repositories, strangers, heavy, memory, fleet    those of the edges
  acts, recalls, updates, arrivals, changes               those of the acts
judge/                                                                                               pure
  judge        what was owed against what is there        timing    its part about time
  acts         its part about what comes after the copy   verdicts  what it says, column by column
  copies       tickets and copies by their titles, texts and authors, not by markers
  places       which repository a name meant, and when    claims    who said "done", when
  losses       deliveries that lost their worker, from look to look
```

There are three worlds. In the `fence` things happen to Monarch and to its calls. In the `edges` the outside is not what it
seems, as well: a name leads to another repository, a source changes while it is read, GitHub acts late counted from when
it received, a memory goes back, strangers plant markers, clocks are wrong, texts are heavy. In the `acts` people ask for
what comes after the copy, by the shipped commands, while others touch the copies and all of the fence goes on.

To add a kind of fault: a line in `catalogue`, a function in a module of `hands`. To add a kind of request: a method of
`wishes`. To add a promise: a rule in `judge`, and a truth in its test that breaks it.

A breach is looked for again by its seed: the plan is the same, what the processes make of it is not. What was done,
when and to whom is in `faults.jsonl` of the kept folder, beside each worker's log, every call that GitHub saw, and every
command that was given.
"""
