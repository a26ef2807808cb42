#!lua
-- Everything that a budget knows of an account, as of one moment: for learning, and for looking ahead.
--
-- KEYS  1 budget:<account> (sorted set)  2 slots:<account> (sorted set)  3 learned:<account> (hash)
--       4 gate:<account> (hash)  5 primary:<account> (hash)
-- ARGV  1 prefix  2 a write that does not count, or ''
-- Gives {now ms, learned as HGETALL, {when each write was permitted that was answered, or left without an answer},
--       ms until the gate opens, {remaining calls, ms until that count begins anew} or {}}
--
-- Atomic, because what was learned belongs to the writes of the same moment. Writes in hand are not answered yet, so it
-- is unknown whether GitHub accepts them: they do not count here.
local now = now_ms()
local in_hand = {[ARGV[2]] = true}
for _, nonce in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. int(now), '+inf')) do in_hand[nonce] = true end
local writes, flat = {}, redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for i = 1, #flat, 2 do
  if not in_hand[flat[i]] then writes[#writes + 1] = tonumber(flat[i + 1]) end
end
local primary = redis.call('HMGET', KEYS[5], 'remaining', 'reset')
local calls = {}
if primary[1] and tonumber(primary[2]) > now then calls = {tonumber(primary[1]), tonumber(primary[2]) - now} end
return {now, redis.call('HGETALL', KEYS[3]), writes, (gate_wait(KEYS[4], now)), calls}
