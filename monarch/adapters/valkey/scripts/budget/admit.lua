#!lua
-- One more read: count its points if they fit.
--
-- KEYS  1 points:<account> (hash)
-- ARGV  1 prefix  2 points a minute  3 a minute and its margin, ms
-- Gives 0 where it is counted, else how long until it would fit, in ms.
--
-- Atomic, so that the fleet's readers and writers spend each point once.
local now = now_ms()
local minute, ceiling = tonumber(ARGV[3]), tonumber(ARGV[2])
local wait = points_wait(KEYS[1], now, minute, ceiling, READ_POINTS)
if wait > 0 then return math.ceil(wait) end
spend_points(KEYS[1], now, minute, ceiling, READ_POINTS)
return 0
