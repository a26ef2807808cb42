-- Shared by settle: what requests have named, for the sweep for missed repositories.
--
-- Every message that a planner has read leaves the names of its targets here, whatever becomes of it; until then it is in
-- the stream of requests, where the sweep reads it. A source is on record once it was read.
local NAMES_KEPT = 100000

local function name_targets(request, names, retention_ms)
  local key, at = ns .. 'named', string.match(request, '^%d+') or int(now_ms())
  for _, name in ipairs(names or {}) do redis.call('ZADD', key, 'GT', at, string.lower(name)) end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. int(now_ms() - retention_ms))
  redis.call('ZREMRANGEBYRANK', key, 0, -1 - NAMES_KEPT)
end

local function name_source(id, name, channel, retention_ms)
  if not id then return end
  local key = ns .. 'source:' .. id
  redis.call('ZADD', ns .. 'sources', int(now_ms()), id)
  redis.call('ZREMRANGEBYSCORE', ns .. 'sources', '-inf', '(' .. int(now_ms() - retention_ms))
  redis.call('HSET', key, 'name', name)
  -- A request without a channel posts nothing; that says nothing about the channel of the others.
  if (channel or '') ~= '' then redis.call('HSET', key, 'channel', channel) end
  redis.call('PEXPIRE', key, retention_ms)
end
