#!lua
-- The first process of an installation opens the epoch without the quiet time.
--
-- KEYS  1 epoch (hash)
-- ARGV  1 prefix  2 channel
-- Gives {epoch, ms of quiet that are left}.
--
-- Atomic, so that only the very first does so: no epoch on record, and nobody subscribed to the channel. Then no
-- process of this installation runs, and no write of one can be under way but one whose process and whose Valkey
-- both died within the last 20 s, which is one of the windows of promise 2.
local now = now_ms()
local first = redis.call('EXISTS', KEYS[1]) == 0 and redis.call('PUBSUB', 'NUMSUB', ARGV[2])[2] == 0
local id, quiet = epoch(now)
if first then
  redis.call('HSET', KEYS[1], 'quiet_until', int(now))
  quiet = 0
end
return {id, quiet}
