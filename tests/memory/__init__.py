"""The memory under the tests of the stages is held against a real Valkey."""
