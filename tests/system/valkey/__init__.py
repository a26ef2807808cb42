"""Valkey away, replaced, behind TLS, and as an operator reads it."""
