"""GitHub's REST API over httpx: replies become outcomes here and nowhere else.

`client` keeps the port, `reading` repeats single reads, `paging` follows links, `wire` reads bodies,
`outcomes` says what an answer or its absence means.
"""
