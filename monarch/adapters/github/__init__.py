"""GitHub's REST API over httpx: replies become outcomes here and nowhere else.

```
client          implements the port and puts the rest together
reads           reads, through retries (repeats single reads), paging (follows links) and wire (parses bodies)
writes          writes, once each; bodies makes their JSON
outcomes        what an answer or its absence means
auth/passes     what signs calls: routing chooses between personal (a token) and installations (an App);
                app signs for the App itself, installation keeps the token of one owner
```
"""
