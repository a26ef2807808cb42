"""GitHub's REST API over httpx: replies become outcomes here and nowhere else.

```
client          keeps the port and puts the rest together
reads           what is read, by retries (repeats single reads), paging (follows links) and wire (reads bodies)
writes          what is written, once each; bodies says how it looks
outcomes        what an answer or its absence means
auth/passes     what calls are signed with: routing chooses between personal (a token) and installations (an App);
                app signs for the App itself, installation keeps the token of one owner
```
"""
