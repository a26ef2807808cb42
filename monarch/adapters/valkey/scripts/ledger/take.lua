#!lua flags=allow-oom
-- Take a target's lock for a delivery, and read its ledger.
--
-- KEYS  1 migrations (stream)  2 target:<id> (string)  3 ledger:<id> (hash)  4 gate:<account>  5 gate:<token>
--       6 migration:<id> (hash)  7 request:<id> (hash)
-- ARGV  1 prefix  2 consumer  3 entry  4 count  5 migration id  6 lease, ms  7 target id
--       8 what this worker has seen of the memory  9 retention, ms  10 what the target is called now, or ''
-- Gives {'lost'} | {'cancelled', by whom} | {'quiet', ms} | {'gate', ms, cause} | {'busy'} | {'turn', ms} | {'taken', now ms, epoch, ledger as HGETALL}
--
-- Atomic, because the delivery could change hands between the check of the fence and the lock; and the ledger is read
-- at the moment of the lock, so nothing can be created between. A newer delivery of the same migration takes the lock
-- over from an older one: the older one fails its fence at its next permit, and the write that it may have in hand is
-- in the ledger as an intent.
local consumer, entry, count, migration = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local now = now_ms()
local id, quiet = epoch(now, ARGV[8])
if not still_holds(KEYS[1], consumer, entry, count) then return {'lost'} end
local by = redis.call('HGET', KEYS[7], 'cancelled_by')
if by then return {'cancelled', by} end

if quiet > 0 then return {'quiet', quiet} end
for i = 4, 5 do
  local wait, cause = gate_wait(KEYS[i], now)
  if wait > 0 then return {'gate', wait, cause} end
end

local holder = redis.call('GET', KEYS[2])
local line = line_of(string.sub(KEYS[4], #(ns .. 'gate:') + 1), string.match(migration, '^[^:]*'), '')
if not holder and must_give_way(line) then return {'turn', GIVES_WAY_MS} end
if holder and string.match(holder, '^%S+ %S+ %S+ (.*)$') ~= migration then
  ends_within(KEYS[2], ARGV[6])
  return {'busy'}
end
redis.call('SET', KEYS[2], consumer .. ' ' .. entry .. ' ' .. count .. ' ' .. migration, 'PX', ARGV[6])

-- Its target was deleted, and another repository has the name now: forget what was counted and noted in the old one.
local before = redis.call('HGET', KEYS[6], 'target_id')
if before and before ~= ARGV[7] then
  redis.call('HDEL', KEYS[6], 'copied', 'present', 'deleted', 'refused', 'strays', 'notes', 'first_copy_ms')
  redis.call('SREM', ns .. 'needs:' .. before, migration)
  keep_ledger(before, ARGV[9])
end
if redis.call('HSETNX', KEYS[6], 'started_ms', int(now)) == 1 then event('migration.started', 'migration', migration) end
redis.call('HSET', KEYS[6], 'state', 'running', 'target_id', ARGV[7], 'entry', entry, 'reason', '')
-- All that people see bears the name in the request; links lead to this one.
if ARGV[10] ~= '' then
  local target = redis.call('HGET', KEYS[6], 'target') or string.match(migration, ':(.*)$')
  if string.lower(target) == string.lower(ARGV[10]) then redis.call('HDEL', KEYS[6], 'named_now')
  else redis.call('HSET', KEYS[6], 'named_now', ARGV[10]) end
end
need_ledger(ARGV[7], migration, ARGV[9])
return {'taken', now, id, redis.call('HGETALL', KEYS[3])}
