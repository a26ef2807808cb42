#!lua
-- A person asks for an act in the targets of a request: a recall, or the undoing of one.
--
-- KEYS  1 request:<id> (hash)  2 plan:<id>
-- ARGV  1 prefix  2 request id  3 act  4 by whom  then the targets
-- Gives for each target {'begun', migration id, 'not_recalled' or ''} | {'refused', code, figures ...}; scripts/sentences.py has the sentences.
--
-- Atomic: the request is reopened once for all its targets, and a migration leaves its end as its entry enters the
-- stream, so nothing is begun twice at once. Repeated while it is under way it changes nothing and answers the same.
-- Nothing is written around the fence: the act is taken, looked at, permitted and recorded like anything else.
local wrong = of_a_request_in_the_way(ARGV[2]) or in_the_way(OF_ACTS)
for i = 5, #ARGV do wrong = wrong or of_a_target_in_the_way(ARGV[2], ARGV[i]) end
if wrong then return wrong end
local request, act, by = ARGV[2], ARGV[3], ARGV[4]
local state, cancelled_by = unpack(redis.call('HMGET', KEYS[1], 'state', 'cancelled_by'))

-- Why nothing of the request can be done; nil where it can.
local function problem_of_request()
  if not state then return {'unknown', request} end
  if is_strange(state) then return {'strange', state} end
  if not ENDED[state] and cancelled_by then return {'cancelling', request, cancelled_by} end
  if not ENDED[state] then return {'not_ended', request, state} end
  if redis.call('EXISTS', KEYS[2]) == 0 then return {'no_plan'} end
end

-- The other requests for that template whose plans are known, newest first, with spaces between: an update for one of them
-- may have written what a copy says now, and that is not a change by people. A template is its id: its name may have passed
-- to another repository. Only where an older version has kept no id does the name decide.
local LOOKED_AT, BASES = 200, 10
local function bases()
  local its = redis.call('HMGET', KEYS[1], 'source', 'source_id')
  local function is_same(of)
    if its[2] and of[2] then return its[2] == of[2] end
    return of[1] and string.lower(of[1]) == string.lower(its[1] or '')
  end
  local found = {}
  for _, one in ipairs(redis.call('ZREVRANGE', ns .. 'known', 0, LOOKED_AT - 1)) do
    local of = one ~= request and sound(false, 'HMGET', ns .. 'request:' .. one, 'source', 'source_id')
    if of and is_same(of) and redis.call('EXISTS', ns .. 'plan:' .. one) == 1 then found[#found + 1] = one end
    if #found == BASES then break end
  end
  return table.concat(found, ' ')
end

local problem = problem_of_request()

local function begin(target)
  local migration = request .. ':' .. target
  local key = ns .. 'migration:' .. migration
  local its = redis.call('HMGET', key, 'state', 'target', 'act', 'target_id')
  if its[3] == act and not ENDED[its[1]] and not cancelled_by then return end
  if problem then return problem end
  if not its[2] then return {'no_target', request, target} end
  if its[3] then return {'given_up', its[3], request} end
  if not its[4] then return {'never_copied'} end
  if not ENDED[its[1]] then return {'migration', its[1] or 'not known'} end
  begin_act(key, act, by, bases())
  reopen(request)
  queue_again(request, migration)
  event('migration.' .. act .. '.begun', 'request', request, 'migration', migration, 'by', by)
  changed(request)
end

-- Whether the ledger has a recalled copy, or a close under way. Without any the undoing is begun all the same: where this
-- memory was emptied, GitHub shows what a recall has closed.
local function has_recalled(target)
  local target_id = redis.call('HGET', ns .. 'migration:' .. request .. ':' .. target, 'target_id')
  local ledger = target_id and redis.call('HGETALL', ns .. 'ledger:' .. target_id) or {}
  for i = 1, #ledger, 2 do
    local kind, value = string.match(ledger[i], '^(%l+):'), ledger[i + 1]
    if kind == 'recall' and string.find(value, '^closed ') then return true end
    if kind == 'pending' and (string.find(value, '^close ') or string.find(value, '^retire ')) then return true end
  end
  return false
end

local function told(target)
  local remark = act == 'undo' and not has_recalled(target) and 'not_recalled' or ''
  return {'begun', request .. ':' .. target, remark}
end

local answers = {}
for i = 5, #ARGV do
  local why = begin(ARGV[i])
  answers[#answers + 1] = why and {'refused', unpack(why)} or told(ARGV[i])
end
return answers
