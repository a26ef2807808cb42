"""How a ticket's text is read: as GitHub reads it."""
