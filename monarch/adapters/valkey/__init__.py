"""Valkey behind the ports: streams, ledger, budget, inbox, requests, and the scripts that change them.

`keys` is the catalogue of keys, `codec` the form of entries; `client/` leads to the server, `views/` shows people what
is there, `scripts/` changes it.
"""
