-- Shared by points and permit: what calls cost an account, by the two counts that GitHub itself keeps of them.
--
-- Points a minute (a read 1, a write 5) are told nowhere, so they are counted here, by the second: points:<account>.
-- Calls an hour stand on every answer; primary:<account> holds what the last one said, less what was let through since.
local READ_POINTS, WRITE_POINTS, POINTS_A_MINUTE, MINUTE_MS = 1, 5, 900, 60000
-- A call is counted there when it arrives. One that was let through here may arrive so much later.
local UNDER_WAY_MS = 1000
-- Calls of the hour that no write may use: they are for reading what the writes in hand came to, and for the other looks
-- without which a target cannot be left as the ledger says.
local CALLS_TO_FINISH = 20

-- ms until `cost` more points fit into `minute` ms, 0: they do; a ceiling of 0 is none.
local function points_wait(key, now, cost, ceiling, minute)
  if ceiling == 0 then return 0 end
  local used, leaving = 0, {}
  for second, points in pairs(hash(key)) do
    local till = (tonumber(second) + 1) * 1000 + UNDER_WAY_MS + minute
    -- What lies ahead was written before somebody set the clock back.
    if till <= now or tonumber(second) * 1000 > now then
      redis.call('HDEL', key, second)
    else
      used = used + tonumber(points)
      leaving[#leaving + 1] = {till, tonumber(points)}
    end
  end
  local excess = used + cost - ceiling
  if excess <= 0 then return 0 end
  table.sort(leaving, function(a, b) return a[1] < b[1] end)
  for _, bucket in ipairs(leaving) do
    excess = excess - bucket[2]
    if excess <= 0 then return bucket[1] - now end
  end
  return minute
end

-- ms until the hour begins anew, where no more than `reserve` calls are left of this one; else 0.
local function primary_wait(key, now, reserve)
  local known = redis.call('HMGET', key, 'remaining', 'until')
  if not known[1] or tonumber(known[1]) > reserve then return 0 end
  return math.max(0, tonumber(known[2]) - now)
end

-- Count one call; `cost` 0: its points are not.
local function spend(points, primary, now, cost)
  if cost > 0 then
    redis.call('HINCRBY', points, int(math.floor(now / 1000)), cost)
    redis.call('PEXPIRE', points, MINUTE_MS + 1000 + UNDER_WAY_MS)
  end
  if redis.call('HEXISTS', primary, 'remaining') == 1 then redis.call('HINCRBY', primary, 'remaining', -1) end
end

