#!lua flags=allow-oom
-- May somebody read on this account now? If so, the read is counted before it is told.
--
-- KEYS  1 points:<account> (hash)  2 primary:<account> (hash)
-- ARGV  1 prefix  2 points a minute, 0 = no ceiling  3 how long that minute is, ms
--       4 1: wait for the next hour where GitHub allows no more calls in this one  0: try all the same
-- Gives {ms to wait, 0: it may; calls left of the hour, -1: nobody knows}
--
-- Atomic, because two workers would both take the last point. Reads leave a twentieth of the points to writes, or
-- looking at a large cohort would keep the writes out: each point that comes back would be read away at once.
local now, ceiling = now_ms(), tonumber(ARGV[2])
local wait = points_wait(KEYS[1], now, READ_POINTS, ceiling - math.floor(ceiling / 20), tonumber(ARGV[3]))
if ARGV[4] == '1' then wait = math.max(wait, primary_wait(KEYS[2], now, 0)) end
if wait == 0 then spend(KEYS[1], KEYS[2], now, ceiling > 0 and READ_POINTS or 0) end
return {math.ceil(wait), tonumber(redis.call('HGET', KEYS[2], 'remaining') or -1)}
