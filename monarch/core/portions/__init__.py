"""Portions: a message may ask for a part of the template, and for a later moment.

Two optional keys, which other readers of the message ignore:

- `not_before`: ISO 8601 with its zone. The request is parked until then. A date that has passed delays nothing, because
  a message is also sent again for a late team.
- `milestones`: titles. Only tickets in one of these milestones are copied.

Nothing here reads a clock: the server's time comes in as an argument.
"""
