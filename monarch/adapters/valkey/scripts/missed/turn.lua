#!lua
-- Take the fleet's turn at sweeping for missed repositories.
--
-- KEYS  1 swept (hash)
-- ARGV  1 prefix  2 how often there is a turn, ms  3 '1': until now no worker heard the channel
-- Gives 1 if it is the caller's turn, 0 if another worker has had it.
--
-- Atomic, because otherwise two workers could both look and both sweep, and ask GitHub twice. That would do no harm: a
-- sweep decides nothing that another one could not decide again. If a worker dies in its turn, the next turn makes up for it.
local GAP_MS = 15000
local now, every = now_ms(), tonumber(ARGV[2])
if ARGV[3] == '1' then every = math.min(every, GAP_MS) end
local last = tonumber(redis.call('HGET', KEYS[1], 'at') or 0)
-- A turn in the future was taken before the clock went back.
if last <= now and now - last < every then return 0 end
redis.call('HSET', KEYS[1], 'at', int(now))
redis.call('PEXPIRE', KEYS[1], math.max(every, 86400000))
return 1
