#!lua flags=allow-oom
-- A worker has asked GitHub whether it accepts its credential.
--
-- KEYS  1 refused (hash)
-- ARGV  1 prefix  2 whose repositories it is about, '*' for all  3 why it is refused, or '' where it is accepted
--       4 the account that the worker writes as, or '' where that is not known
-- Gives since when it is refused, ms, as text; '' where it is accepted.
--
-- Atomic, so that of many workers one reports it, and the first time counts.
if ARGV[3] == '' then
  is_accepted(ARGV[2])
  if ARGV[4] ~= '' then used(ARGV[4], now_ms()) end
  return ''
end
return is_refused(ARGV[2], ARGV[3])
