"""What every adapter and every double has to do, said once and run against both."""
