#!lua
-- Put parked entries that are due back into their streams, the oldest request first, its targets in their order.
--
-- KEYS  1 parked (sorted set)
-- ARGV  1 prefix  2 how many at most
-- Gives how many.
--
-- Atomic, so that an entry is in exactly one place.
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now_ms(), 'LIMIT', 0, ARGV[2])
-- By name, not by due time: what one gate parked was parked within milliseconds, in whatever order its workers came.
table.sort(due)
local promoted = 0
for _, member in ipairs(due) do
  if promote(member) then promoted = promoted + 1 end
end
return promoted
