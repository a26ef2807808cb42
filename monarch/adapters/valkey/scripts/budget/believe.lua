#!lua flags=allow-oom
-- Record what was learned of an account's limits, and close its gate if it was learned from a refusal.
--
-- KEYS  1 learned:<account> (hash)  2 gate:<account> (hash)
-- ARGV  1 prefix  2 the version that it was learned from  3 how long the gate closes, ms, or ''  4 cause
--       5 the refused write, or ''  6 before the ceilings in words, for people, or ''  7 after  8 ... fields and values
-- Gives {1, ms until the gate opens}; {0, the same} where something else was learned meanwhile (nothing changed).
--
-- Atomic: compare and set, so that a fleet learns once from each refusal, and no worker writes between the lowered
-- ceiling and the closed gate. It may be repeated: the same refused write again changes nothing.
local now = now_ms()
local known = redis.call('HMGET', KEYS[1], 'version', 'refused')
if ARGV[5] ~= '' and known[2] == ARGV[5] then return {1, (gate_wait(KEYS[2], now))} end
if (known[1] or '0') ~= ARGV[2] then return {0, (gate_wait(KEYS[2], now))} end
local fields = {}
for i = 8, #ARGV do fields[#fields + 1] = ARGV[i] end
redis.call('HSET', KEYS[1], unpack(fields))
if ARGV[6] ~= ARGV[7] then
  event('ceilings.changed', 'account', string.sub(KEYS[1], #(ns .. 'learned:') + 1), 'before', ARGV[6], 'after', ARGV[7])
end
if ARGV[3] == '' then return {1, (gate_wait(KEYS[2], now))} end
redis.call('HSET', KEYS[1], 'refused', ARGV[5])
return {1, close_gate(KEYS[2], now, tonumber(ARGV[3]), ARGV[4])}
