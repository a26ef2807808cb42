"""The real crossing over ports that do read and only remember writes, so that a dry run says what the act would do."""
