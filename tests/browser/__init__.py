"""The page in a real browser, served by real workers."""
