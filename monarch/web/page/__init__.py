r"""The page: what people open in a browser, read from the same readers as the commands.

```
address --addresses--> readings (one or two round trips) --web.views--> view model --templates--> HTML
                                   \--web.documents--> the JSON of `monarch … --json`
```

`addresses` reads and asks `web.views`, which decide what is said and are pure; templates only print. `hub` renders each
address once for all its readers and only while it has some; `app` speaks HTTP. What differs from reader to reader, such as
who is signed in, stands outside of the part that is sent live, because that part is the same for everybody.
"""
