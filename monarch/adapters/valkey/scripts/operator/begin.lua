#!lua
-- A person asks for an act in the targets of a request: a recall, or the undoing of one.
--
-- KEYS  1 request:<id> (hash)  2 plan:<id>
-- ARGV  1 prefix  2 request id  3 act  4 by whom  then the targets
-- Gives for each target {'begun', migration id} | {'refused', why}.
--
-- Atomic: the request is reopened once for all its targets, and a migration leaves its end as its entry enters the
-- stream, so nothing is begun twice at once. Repeated while it is under way it changes nothing and answers the same.
-- Nothing is written around the fence: the act is taken, looked at, permitted and recorded like anything else.
local request, act, by = ARGV[2], ARGV[3], ARGV[4]
local state = redis.call('HGET', KEYS[1], 'state')

-- Why nothing of the request can be done; nil where it can.
local function problem_of_request()
  if not state then return 'no request ' .. request .. ' is known: see `monarch requests`' end
  if not ENDED[state] then
    return 'request ' .. request .. ' is ' .. state .. '; wait until it has ended, or cancel it first (`monarch cancel ' .. request .. '`)'
  end
  if redis.call('EXISTS', KEYS[2]) == 0 then return 'its plan is not known: there is nothing that it copied, or it has expired' end
end

local problem = problem_of_request()

local function begin(target)
  local migration = request .. ':' .. target
  local key = ns .. 'migration:' .. migration
  local its = redis.call('HMGET', key, 'state', 'target', 'act', 'target_id')
  if its[3] == act and not ENDED[its[1]] then return end
  if problem then return problem end
  if not its[2] then return 'request ' .. request .. ' has no target ' .. target end
  if its[3] then
    return 'its ' .. its[3] .. ' was given up; replay that first (`monarch dead replay --request ' .. request .. '`), or drop it'
  end
  if not its[4] then return 'nothing was ever copied there by this request' end
  if not ENDED[its[1]] then return 'its migration is ' .. (its[1] or 'not known') end
  begin_act(key, act, by)
  reopen(request)
  queue_again(request, migration)
  event('migration.' .. act .. '.begun', 'request', request, 'migration', migration, 'by', by)
  changed(request)
end

local answers = {}
for i = 5, #ARGV do
  local why = begin(ARGV[i])
  answers[#answers + 1] = why and {'refused', why} or {'begun', request .. ':' .. ARGV[i]}
end
return answers
