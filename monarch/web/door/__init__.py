"""Who may look at the page, and who may press its buttons.

`visit` is the request, `access` decides, `session` is what a browser keeps of a sign-in, `tries` slows down guessing, and
`guard` stands before every route and enforces the decision. The first three are pure.

It promises:

- Nothing is changed by a request that does not name a person or a program, and nothing by a GET.
- Nothing is changed by a request that another site had a browser send.
- A name comes from the page's token or from a trusted proxy. A proxy's header from any other address is refused, not
  ignored: it is either a mistake in the configuration or an attack.
- Without a way to sign in the page is shown to this machine alone, unless the installation calls it public.

What can still go wrong: a proxy on this very machine that adds no forwarding header makes all its visitors look like
this machine. With such a proxy the page needs a way to sign in (docs/operating.md).
"""
