"""Benchmarks: each compares what was measured with what is to be beaten, in one run."""
