"""The composition root: the only place that knows concrete classes.

`assembly` builds, `worker` runs and stops, `operator` serves the commands that people give.
"""
