"""Tests of the chaos machine: a judge that cannot condemn proves nothing."""
