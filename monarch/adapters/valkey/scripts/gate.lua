#!lua flags=allow-oom
-- Read or close the gate of a credential.
--
-- KEYS  1 gate:<account>  2 gate:<token>
-- ARGV  1 prefix  2 op (state | close | close_token)  3 wait, ms, or ''  4 cause
-- Gives {ms until anybody may call, cause}; 0 ms where it is open.
--
-- Atomic, because a closing may only lengthen the wait that another one asked for.
local now = now_ms()
local wait = tonumber(ARGV[3])
if ARGV[2] == 'close' then close_gate(KEYS[1], now, wait, ARGV[4]) end
if ARGV[2] == 'close_token' then close_gate(KEYS[2], now, wait, ARGV[4]) end
local account, why = gate_wait(KEYS[1], now)
local token, because = gate_wait(KEYS[2], now)
if token > account then return {token, because} end
return {account, why}
