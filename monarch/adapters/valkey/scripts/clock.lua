#!lua flags=no-writes
-- The server's clock, which every age and every patience is measured with.
--
-- KEYS  none
-- ARGV  1 prefix
-- Gives ms since 1970. One command, so it is atomic.
return now_ms()
