"""Who may look at the page, and who may press its buttons.

`visit` is what came, `access` decides, `session` is what a browser keeps of a sign-in, `tries` slows down guessing, and
`guard` stands before every route and carries it out. The first three are pure.

What is promised:

- Nothing is changed by a request that does not name a person or a program, and nothing by a GET.
- Nothing is changed by a request that another site had a browser send.
- A name comes from the page's token or from a trusted proxy. A proxy's header from any other address is refused and
  not overlooked: it is either a mistake in the configuration or an attempt.
- Without a way to sign in the page is shown to this machine alone, unless the installation calls it public.

What can still go wrong: a proxy on this very machine that adds no forwarding header makes all its visitors look like
this machine. Where one stands, a way to sign in is needed (docs/operating.md).
"""
