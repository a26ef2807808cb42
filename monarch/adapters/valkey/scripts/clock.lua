#!lua flags=no-writes
-- The server's clock, which every age and every patience is measured with.
--
-- ARGV  1 prefix
-- Gives ms since 1970.
return now_ms()
