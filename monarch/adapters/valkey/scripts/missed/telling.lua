#!lua
-- Take the task of telling a channel about missed repositories, and record how it ended.
--
-- KEYS  1 missed (hash)
-- ARGV  1 prefix  2 'take', 'told', or 'give_back' (certainly nothing was posted)  then ids of repositories
-- Gives for 'take' pairs: an id to report, and '1' if a worker took it before and never recorded how that ended.
--
-- Atomic, so that of two workers one tells. The worker has a minute, much longer than a post may take; after that it counts
-- as dead, before Slack heard the post or after. So the next worker posts once more, and says that the post may be there
-- already: better twice than never. A post whose answer was lost counts as told.
local TELLING_MS = 60000
local now, taken = now_ms(), {}

local function take(one, id)
  local at = tonumber(one.telling_ms)
  if one.told_ms or at and at <= now and now - at < TELLING_MS then return end
  taken[#taken + 1] = id
  taken[#taken + 1] = at and '1' or '0'
  one.telling_ms = int(now)
end

for i = 3, #ARGV do
  local packed = redis.call('HGET', KEYS[1], ARGV[i])
  local one = packed and cjson.decode(packed)
  if one then
    if ARGV[2] == 'take' then take(one, ARGV[i]) else one.telling_ms = nil end
    if ARGV[2] == 'told' then one.told_ms = int(now) end
    redis.call('HSET', KEYS[1], ARGV[i], cjson.encode(one))
  end
end
return taken
