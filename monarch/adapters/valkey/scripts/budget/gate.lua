#!lua flags=allow-oom
-- Read or close the gate of a credential.
--
-- KEYS  1 gate:<account>  2 gate:<token>
-- ARGV  1 prefix  2 op (state | close | close_token)  3 wait, ms, or '' for one that doubles  4 cause
--       5 the first such wait, ms  6 the longest one, ms
-- Gives {ms until the gate opens, cause}; 0 ms where it is open.
--
-- Atomic, because a closing may only lengthen the wait that another closing asked for.
local now = now_ms()

-- A limit that does not say for how long: the wait doubles with each that comes after the wait before it is over.
-- Limits that come while the gate is closed count as the same one.
local function doubled(key, now, first, longest)
  local known = redis.call('HMGET', key, 'strikes', 'until')
  local strikes = tonumber(known[1]) or 0
  if strikes == 0 or (tonumber(known[2]) or 0) <= now then strikes = redis.call('HINCRBY', key, 'strikes', 1) end
  return math.min(first * 2 ^ (strikes - 1), longest)
end

local wait, first, longest = tonumber(ARGV[3]), tonumber(ARGV[5]), tonumber(ARGV[6])
if ARGV[2] == 'close' then close_gate(KEYS[1], now, wait or doubled(KEYS[1], now, first, longest), ARGV[4]) end
if ARGV[2] == 'close_token' then close_gate(KEYS[2], now, wait, ARGV[4]) end
local account, why = gate_wait(KEYS[1], now)
local token, because = gate_wait(KEYS[2], now)
if token > account then return {token, because} end
return {account, why}
