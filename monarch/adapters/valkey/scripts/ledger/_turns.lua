-- Shared by permit and record: the line of those who wait for a write of an account. The arithmetic is that of
-- core/budget/turns.py, and so is the argument why nobody starves and a dead waiter blocks nobody for longer than `late` ms.
--
-- turns:<account>  sorted set of names, all with the score 0: names sort as their turns come, oldest request first
-- asks:<account>   sorted set of the same names: when each of them asks again, by the server's clock in ms
-- Both are as large as the fleet has places: who is parked is in neither.
local SOON_MS, LOOKED_AT, FORGOTTEN_AT_ONCE = 50, 64, 100

local function leave_line(turns, asks, name)
  redis.call('ZREM', turns, name)
  redis.call('ZREM', asks, name)
end

local function stand_in_line(turns, asks, name, at, ttl)
  redis.call('ZADD', turns, 0, name)
  redis.call('ZADD', asks, int(at), name)
  redis.call('PEXPIRE', turns, ttl)
  redis.call('PEXPIRE', asks, ttl)
end

-- How many stand before `name`, and whether one of them is due to ask.
local function place_in_line(turns, asks, name, now, late)
  for _, gone in ipairs(redis.call('ZRANGEBYSCORE', asks, '-inf', '(' .. int(now - late), 'LIMIT', 0, FORGOTTEN_AT_ONCE)) do
    leave_line(turns, asks, gone)
  end
  local ahead, held = 0, false
  for _, other in ipairs(redis.call('ZRANGE', turns, 0, LOOKED_AT - 1)) do
    if other >= name then break end
    local at = tonumber(redis.call('ZSCORE', asks, other) or 0)
    if at + late >= now then
      ahead = ahead + 1
      held = held or at - SOON_MS <= now
    end
  end
  return ahead, held
end
