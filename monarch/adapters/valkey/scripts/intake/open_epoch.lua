#!lua
-- A process starts: the very first one of an installation opens the epoch without the quiet time.
--
-- KEYS  1 epoch (hash)
-- ARGV  1 prefix
-- Gives {epoch, ms of quiet that are left}.
--
-- Atomic, so that only the very first process does so.
local now = now_ms()
open_first_epoch(now)
local id, quiet = epoch(now, '')
return {id, quiet}
