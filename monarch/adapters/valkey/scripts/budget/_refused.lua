-- Shared by settle and refuse: since when GitHub refuses the credential, for each owner of repositories ('*' for all).
--
-- A refusal is confirmed about once a minute, by work that waits for it or by a worker's own question. A refusal that
-- was not confirmed for STALE_MS is over, even if no worker could say so.
local STALE_MS = 300000

local function is_refused(owner, reason)
  local key, now = ns .. 'refused', now_ms()
  local known = redis.call('HGET', key, owner)
  local ok, before = pcall(cjson.decode, known or '')
  local since = ok and type(before) == 'table' and now - (tonumber(before.at) or 0) < STALE_MS and tonumber(before.since)
  redis.call('HSET', key, owner, cjson.encode({since = int(since or now), at = int(now), reason = reason}))
  redis.call('PEXPIRE', key, STALE_MS)
  if not since then event('credential.refused', 'owner', owner, 'reason', reason) end
  return int(since or now)
end

local function is_accepted(owner)
  if redis.call('HDEL', ns .. 'refused', owner) == 1 then event('credential.accepted', 'owner', owner) end
end

