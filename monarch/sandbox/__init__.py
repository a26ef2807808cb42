"""A stand-in for the outside world: GitHub, Slack and Valkey on one laptop, without an account.

It is an *independent judge*. It imports nothing from the rest of Monarch, keeps its own idea of
what GitHub and Slack do, and its tests check every reply against GitHub's published OpenAPI
description. The demo, the system tests and people who try things out all use this one stand-in.

Its parts, from the inside out:

- pure state: ``world`` (repositories, issues, accounts), ``workspace`` (Slack's messages),
  ``limits`` and ``quotas`` (rate limits), ``faults`` (planned misbehaviour), ``journal`` (every call);
- pure behaviour: ``github`` and ``slack`` turn a ``Call`` into a ``Reply`` and change the state;
- the wire: ``gateway`` plays faults around that, ``transport`` can drop a connection without a
  byte, ``control`` is the administrator's HTTP API, ``server`` puts them on a socket;
- the outside: ``client`` talks to the control API, ``process`` runs the stand-in as a child
  process, ``valkey`` runs a real Valkey server that can be killed and restarted;
- those who use it: ``fleet`` runs Monarch's workers over it, ``judge`` decides what came of their
  work. The demo, the tests and the chaos machine share both.

URLs below the base: ``/github`` is ``GITHUB_API_URL``, ``/slack/api/`` is ``SLACK_API_URL``,
``/_sandbox/`` is the control API.

Everything listens only on the loopback interface. Nothing here is meant to be secure.
"""
