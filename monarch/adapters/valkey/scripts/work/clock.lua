#!lua flags=no-writes
-- The server's clock, which every age and every patience is measured with.
--
-- KEYS  none
-- ARGV  1 prefix
-- Gives ms since 1970.
--
-- Atomic by itself: it reads one clock, and changes nothing.
return now_ms()
