"""Doubles of the ports: in memory, on anyio alone, so that they run on a virtual clock.

They are trusted because they pass the contract suites beside the real adapters.
"""
