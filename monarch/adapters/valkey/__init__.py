"""Valkey behind the ports: streams, ledger, inbox, requests, and the scripts that change them."""
