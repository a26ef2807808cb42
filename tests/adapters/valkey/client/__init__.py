"""One connection, whoever leads and whatever lies between."""
