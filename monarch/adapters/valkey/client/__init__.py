"""The way to Valkey: sockets, Sentinels, connections each for one purpose, and what its refusals mean."""
