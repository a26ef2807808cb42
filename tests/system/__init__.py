"""The whole of it: real Valkey, real worker processes, the stand-ins over real HTTP."""
