"""The real crossing over ports that read really and remember writes, so that a dry run says what the act would do."""
