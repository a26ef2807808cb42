-- Shared by permit and admit: points that calls cost, in buckets of a sixtieth of a minute. A hash: when a bucket began,
-- by the server's clock in ms, and what was spent in it. The minute is a little longer than GitHub's: a call arrives there
-- some time after it was counted here.
local READ_POINTS, WRITE_POINTS = 1, 5

-- How long until `weight` more points fit, in ms; 0: now, or there is no ceiling.
local function points_wait(key, now, minute, ceiling, weight)
  if ceiling == 0 then return 0 end
  local bucket, spent, since, gone = minute / 60, weight, {}, {}
  local flat = redis.call('HGETALL', key)
  for i = 1, #flat, 2 do
    local began = tonumber(flat[i])
    if began > now then
      -- The clock went back: it was spent now, at the latest.
      began = math.floor(now / bucket) * bucket
      redis.call('HDEL', key, flat[i])
      redis.call('HINCRBY', key, int(began), flat[i + 1])
    end
    -- A bucket counts until its last call is a minute old.
    if began + bucket + minute <= now then gone[#gone + 1] = flat[i] else
      spent = spent + tonumber(flat[i + 1])
      since[#since + 1] = {began, tonumber(flat[i + 1])}
    end
  end
  if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end
  if spent <= ceiling then return 0 end
  table.sort(since, function(a, b) return a[1] < b[1] end)
  for _, one in ipairs(since) do
    spent = spent - one[2]
    if spent <= ceiling then return math.max(1, one[1] + bucket + minute - now) end
  end
  return minute
end

local function spend_points(key, now, minute, ceiling, weight)
  if ceiling == 0 then return end
  local bucket = minute / 60
  redis.call('HINCRBY', key, int(math.floor(now / bucket) * bucket), weight)
  redis.call('PEXPIRE', key, math.ceil(2 * minute))
end

