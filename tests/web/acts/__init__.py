"""Tests of monarch.web.acts."""
