#!lua flags=no-writes
-- The server's clock, which measures every age and every wait.
--
-- KEYS  none
-- ARGV  1 prefix
-- Gives ms since 1970.
--
-- Atomic by itself: it reads one clock, and changes nothing.
return now_ms()
