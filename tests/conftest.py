"""Hypothesis tries many cases; how long one of them takes on a busy machine says nothing."""

from hypothesis import settings

settings.register_profile("tests", deadline=None)
settings.register_profile("thorough", deadline=None, max_examples=3000)
settings.load_profile("tests")
