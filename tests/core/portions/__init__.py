"""A part of the template now, another part on a date."""
