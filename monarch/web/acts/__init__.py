"""What people do on the page: each act over the same ports as its command.

```
GET  /acts/<act>?…      the set that is meant, read now, with its digest; a button for visitors who may press
POST /acts/<act>?…      the set is read again: with the same digest the act is done, with another one nothing is done
303  /receipts/<id>     what was done, to what, by whom; kept for a day
```

`meant` is pure; `catalogue` lists the acts; `routes` speak HTTP. Comparing a set before acting on it does not lock it.
What can still happen in between: a member leaves it, and is then reported as gone. None enters, since every act names the
members that it is done to.
"""
