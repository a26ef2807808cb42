#!lua flags=allow-oom
-- A worker has asked GitHub whether its credential is taken.
--
-- KEYS  1 refused (hash)
-- ARGV  1 prefix  2 whose repositories it is about, '*' for all  3 why it is refused, or '' where it is taken
-- Gives since when it is refused, ms, as text; '' where it is taken.
--
-- Atomic, so that of many workers one tells of it, and the first time counts.
if ARGV[3] == '' then
  is_accepted(ARGV[2])
  return ''
end
return is_refused(ARGV[2], ARGV[3])
