-- Shared by begin, settle, replay and drop: an act (recall, undo) borrows a migration that has ended. `before` keeps how it
-- had ended until the act is over; then that is restored, so a dead letter of the copying keeps its meaning.
local BORROWED = {'state', 'code', 'reason', 'ended_ms', 'dropped_ms', 'refused'}

local function begin_act(key, act, by, bases)
  local known, before = redis.call('HMGET', key, unpack(BORROWED)), {}
  for i, field in ipairs(BORROWED) do before[field] = known[i] or nil end
  redis.call('HSET', key, 'act', act, 'act_by', by, 'act_ms', int(now_ms()), 'bases', bases, 'before', cjson.encode(before))
  redis.call('HDEL', key, 'acted', 'acted_by', 'acted_ms', 'changed', 'left')
end

-- Gives which act it was. An update borrows nothing: it is what its migration was planned for.
local function end_act(key)
  local known = redis.call('HMGET', key, 'act', 'before', 'act_by')
  local ok, before = pcall(cjson.decode, known[2] or '')
  if not ok or type(before) ~= 'table' or not before.state then before = {state = 'done', ended_ms = int(now_ms())} end
  redis.call('HDEL', key, 'act', 'act_by', 'act_ms', 'bases', 'before', 'waits', 'error', 'error_ms', unpack(BORROWED))
  for field, value in pairs(before) do redis.call('HSET', key, field, value) end
  redis.call('HSET', key, 'acted_by', known[3] or '', 'acted_ms', int(now_ms()))
  return known[1]
end

-- The act that a letter is about, by what it kept of its entry; '' if none.
local function act_of(letter)
  local ok, kept = pcall(cjson.decode, letter.payload or '')
  return ok and type(kept) == 'table' and kept.act or ''
end

-- The state in which a request ends once all its migrations have ended.
local function ended_as(request)
  local as = 'done'
  for target in lines(redis.call('HGET', ns .. 'request:' .. request, 'targets')) do
    local state = redis.call('HGET', ns .. 'migration:' .. request .. ':' .. target, 'state')
    if state == 'cancelled' then return 'cancelled' end
    if state ~= 'done' then as = 'failed' end
  end
  return as
end
