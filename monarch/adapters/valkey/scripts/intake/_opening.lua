-- Shared by open_epoch and submit, whichever comes first to a new installation.

-- A server younger than this, in ms, may have come back empty beside a living fleet. Each of the fleet's workers sweeps
-- within 3 s of the server's start, shows what it has seen, and so begins a quiet epoch.
local YOUNG_MS = 5000

-- Whether this server was never written to, by anyone: no key, no change since it was started or last saved, no save,
-- and nothing in its append-only file but its empty beginning. FLUSHALL, a deletion and an expiry are changes, too.
local function is_pristine(info)
  local function number(name) return tonumber(string.match(info, name .. ':(%d+)') or 0) end
  return not string.find(info, 'db%d+:keys=') and number('rdb_changes_since_last_save') == 0 and number('rdb_saves') == 0
    and number('aof_current_size') == number('aof_base_size')
end

-- Open an epoch without the quiet time, where no earlier write can be under way: on a server that was never written to,
-- a newcomer need not wait. Missing subscribers or connections prove nothing: after an outage a living fleet is
-- disconnected for a moment. What can still go wrong: a server comes back without its data, and its fleet does not reach
-- it within 5 s while a newcomer does.
-- Where anything was ever written, the quiet time is kept: the keys of this installation may have been there.
local function open_first_epoch(now)
  if redis.call('EXISTS', ns .. 'epoch') == 1 then return end
  local info = redis.call('INFO', 'server', 'persistence', 'keyspace')
  if not is_pristine(info) then return end
  epoch(now, '')
  local quiet = math.max(0, YOUNG_MS - 1000 * tonumber(string.match(info, 'uptime_in_seconds:(%d+)')))
  redis.call('HSET', ns .. 'epoch', 'quiet_until', int(now + quiet), 'is_first', '1')
end

