"""The doctor, from its single checks to the command."""
