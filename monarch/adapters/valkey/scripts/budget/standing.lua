#!lua flags=allow-oom
-- Record what an answer of GitHub's said about the hourly limit on calls.
--
-- KEYS  1 primary:<account> (hash)
-- ARGV  1 prefix  2 calls that remain  3 ms until the count begins anew
-- Gives 1 if that is news, else 0.
--
-- Atomic, because answers come out of order: within one count what remains only falls, and a count that begins later is a
-- new one.
local now, remaining, reset_in = now_ms(), tonumber(ARGV[2]), tonumber(ARGV[3])
ms_until(KEYS[1], 'reset', now)
local known = redis.call('HMGET', KEYS[1], 'remaining', 'reset')
local reset = now + reset_in
-- The header gives whole seconds, and an answer takes some seconds to arrive.
local same = known[2] and math.abs(tonumber(known[2]) - reset) < 15000
if known[2] and not same and tonumber(known[2]) > reset then return 0 end
if same and tonumber(known[1]) <= remaining then return 0 end
redis.call('HSET', KEYS[1], 'remaining', remaining, 'reset', int(reset), 'reset_for', int(reset_in))
redis.call('PEXPIRE', KEYS[1], math.max(1, reset_in))
return 1
