#!lua flags=no-writes
-- Read a cohort whole, for people.
--
-- KEYS  1 card:<id> (hash)
-- ARGV  1 prefix  2 cohort id
-- Gives {card as HGETALL, {{request id, request as HGETALL, {migration as HGETALL...}}...}, by whom paused or '', 1 if a
-- notifier has it in hand or 0}; the card is empty where the cohort is not known (any more).
--
-- Atomic, so that the requests are shown as of one moment.
return {sound({}, 'HGETALL', KEYS[1]), read_requests(ARGV[2]), sound('', 'GET', ns .. 'paused') or '',
  redis.call('EXISTS', ns .. 'saying:' .. ARGV[2])}
