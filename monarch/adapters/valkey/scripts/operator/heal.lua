#!lua
-- A person asks to make deleted copies again, or to reopen copies that a recall has closed: migrations that are done go on, as healing ones.
--
-- KEYS  1 request:<id> (hash)  2 plan:<id>
-- ARGV  1 prefix  2 request id  3 by whom  then, in turn, a target and the ids of its tickets, ascending, a space between
-- Gives for each target {'healing', migration id} | {'refused', code, figures ...}; scripts/sentences.py has the sentences.
--
-- Atomic: the request is reopened once for all its targets, and a migration leaves its end as its entry enters the
-- stream, so nothing is healed twice at once. Repeated while it is under way it changes nothing and answers the same.
-- Nothing is written around the fence: what is healed is taken, looked at, permitted and recorded like anything else.
local wrong = of_a_request_in_the_way(ARGV[2]) or in_the_way(OF_ACTS)
for i = 4, #ARGV, 2 do wrong = wrong or of_a_target_in_the_way(ARGV[2], ARGV[i]) end
if wrong then return wrong end
local request, by = ARGV[2], ARGV[3]
local state, cancelled_by = unpack(redis.call('HMGET', KEYS[1], 'state', 'cancelled_by'))

-- Why nothing of the request can be healed; nil where it can.
local function problem_of_request()
  if not state then return {'unknown', request} end
  if is_strange(state) then return {'strange', state} end
  if state == 'cancelled' then return {'cancelled', request} end
  if not ENDED[state] and cancelled_by then return {'cancelling', request, cancelled_by} end
  if not ENDED[state] then return {'not_ended', request, state} end
  if redis.call('EXISTS', KEYS[2]) == 0 then return {'no_plan'} end
end

local problem = problem_of_request()

-- The counts that people see of the target while it is healed: the copies that exist, without the missing ones. A copy
-- that a recall has closed is there.
local function count_without(key, missing)
  local total = tonumber(redis.call('HGET', KEYS[1], 'tickets') or 0)
  local counts = redis.call('HMGET', key, 'copied', 'present', 'deleted')
  local copied, present = tonumber(counts[1] or 0), tonumber(counts[2] or 0)
  local over = math.max(0, copied + present - math.max(0, total - missing))
  local of_copied = math.min(over, copied)
  redis.call('HSET', key, 'copied', copied - of_copied, 'present', math.max(0, present - (over - of_copied)),
    'deleted', math.max(0, tonumber(counts[3] or 0) - missing))
end

-- How many of these copies a recall has closed, and how many others there are.
local function recalled_and_missing(key, tickets)
  local ledger = ns .. 'ledger:' .. (redis.call('HGET', key, 'target_id') or '')
  local recalled, missing = 0, 0
  for ticket in string.gmatch(tickets, '%d+') do
    if string.find(redis.call('HGET', ledger, 'recall:' .. ticket) or '', '^closed ') then recalled = recalled + 1
    else missing = missing + 1 end
  end
  return recalled, missing
end

-- Failures after which a person has to ask anew, under another name.
local NEVER = {bad_target = true, target_is_source = true}

-- Begin the healing of one target; returns why not.
local function heal(target, tickets)
  local migration = request .. ':' .. target
  local key = ns .. 'migration:' .. migration
  local its = redis.call('HMGET', key, 'state', 'target', 'heal', 'code', 'reason', 'dropped_ms', 'act')
  if tickets == '' then return {'no_ticket'} end
  if its[3] == tickets and not ENDED[its[1]] and not cancelled_by then return end
  if problem then return problem end
  if not its[2] then return {'no_target', request, target} end
  if NEVER[its[4]] then return {'never', its[5] or ''} end
  if its[1] == 'dead' or its[1] == 'cancelled' then
    if its[6] then return {'dropped', its[1]} end
    if its[4] == 'copies_missing' and not its[7] then return {'not_shown', request} end
    return {'given_up', its[1], request}
  end
  if its[1] ~= 'done' then return {'migration', its[1] or 'not known'} end
  reopen(request)
  redis.call('HSET', key, 'heal', tickets)
  local recalled, missing = recalled_and_missing(key, tickets)
  -- Older code would skip a recalled copy and report the target as done.
  if recalled > 0 then redis.call('HSET', key, 'heal_v', ACT_VERSION) end
  count_without(key, missing)
  queue_again(request, migration)
  event('migration.healing', 'request', request, 'migration', migration, 'by', by)
  changed(request)
end

local answers = {}
for i = 4, #ARGV, 2 do
  local why = heal(ARGV[i], ARGV[i + 1])
  answers[#answers + 1] = why and {'refused', unpack(why)} or {'healing', request .. ':' .. ARGV[i]}
end
return answers
