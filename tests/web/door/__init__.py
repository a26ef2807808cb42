"""Tests of monarch.web.door."""
