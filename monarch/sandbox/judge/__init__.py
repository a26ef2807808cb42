"""The judge: what targets hold, and what Slack reads, held against what was owed.

The demo, the tests and the chaos machine judge by it. Each collects tickets and copies in its own way, and adds what only
it can know, such as a breach that the promises excuse. Nothing here comes from Monarch's own code, whose mistakes it
would share; so it reads markers and renumbers references by rules of its own, which are simpler than Monarch's.

```
copies    tickets against copies: lost, doubled, out of order          pure
texts     what the text of a copy has to be
findings  all of it for some targets, by the state of the stand-in
words     what Slack's messages claim
```
"""
