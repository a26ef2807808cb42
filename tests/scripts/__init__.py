"""Tests of the scripts that are programs of their own."""
