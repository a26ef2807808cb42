-- Shared by replay and heal: ended work goes on, under the same ids.

-- Run an ended request again, one run further, and keep what belongs to it. A target whose keys are of another type holds up
-- no other: what is under way there says so itself.
local function reopen(request)
  local key = ns .. 'request:' .. request
  if ENDED[redis.call('HGET', key, 'state')] then
    redis.call('HINCRBY', key, 'run', 1)
    redis.call('HSET', key, 'state', 'running')
    redis.call('HDEL', key, 'ended_ms', 'code', 'reason', 'cancelled_by', 'cancelled_ms', 'first_by', 'first_ms', 'notice_error', 'notice_refused', 'dropped_ms')
    redis.call('PERSIST', key)
    redis.call('PERSIST', ns .. 'plan:' .. request)
    persist_card(request)
    local card = redis.call('HGET', key, 'card')
    if card and redis.call('EXISTS', ns .. 'card:' .. card) == 1 then
      redis.call('HDEL', ns .. 'card:' .. card, 'notice_error', 'notice_dropped', 'refused')
    end
    for target in lines(redis.call('HGET', key, 'targets')) do
      local migration = request .. ':' .. target
      redis.call('PERSIST', ns .. 'migration:' .. migration)
      local target_id = sound(false, 'HGET', ns .. 'migration:' .. migration, 'target_id')
      if target_id then
        sound(0, 'SADD', ns .. 'needs:' .. target_id, migration)
        redis.call('PERSIST', ns .. 'ledger:' .. target_id)
      end
    end
  end
  open(request)
end

-- Queue an ended migration again, one run further and without attempts.
local function queue_again(request, migration)
  local key = ns .. 'migration:' .. migration
  redis.call('HINCRBY', key, 'run', 1)
  redis.call('HDEL', key, 'code', 'ended_ms', 'dropped_ms', 'refused', 'strays', 'progress_entry', 'progress_count')
  -- A run over all tickets finds the notes again; one that heals a few does not.
  if redis.call('HEXISTS', key, 'heal') + redis.call('HEXISTS', key, 'act') == 0 then redis.call('HDEL', key, 'notes') end
  -- After a new copy or healing, what an act has left no longer holds.
  if redis.call('HEXISTS', key, 'act') == 0 then redis.call('HDEL', key, 'acted', 'acted_by', 'acted_ms', 'changed', 'left') end
  redis.call('HSETNX', key, 'order', '0')
  redis.call('HSET', key, 'reason', '', 'attempts', '0', 'queued_ms', int(now_ms()))
  queue_migration(request, migration)
  redis.call('SADD', ns .. 'unsettled:' .. request, migration)
end

