"""What people do on the page: each act over the same ports as its command.

```
GET  /acts/<act>?…      the set that is meant, read now, with its digest; a button for who may press
POST /acts/<act>?…      the set is read again: the same digest, and it is done; another one, and nothing is done
303  /receipts/<id>     what was done, to what, by whom; kept for a day
```

`meant` and `wording` are pure; `deeds` are the acts; `routes` speak HTTP. That a set is compared before it is acted on
does not lock it. What can still happen in between: a member leaves it, and then it is answered as gone. None enters,
since every act names the members that it is done to.
"""
