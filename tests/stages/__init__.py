"""The stages on a virtual clock: an hour of waiting costs nothing."""
