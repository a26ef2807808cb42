#!lua
-- A person sends dead letters back: the same ids, no attempts.
--
-- KEYS  1 dead (stream)
-- ARGV  1 prefix  2 by whom  3 '1': look only, and say what a replay would do  then the ids of the letters
-- Gives for each {'replayed', what} | {'gone'} | {'refused', code, figures ...}; scripts/sentences.py has the sentences.
--
-- Atomic: a letter leaves its stream as its work enters the other, so nothing is replayed twice at once, and nothing is
-- lost between. An entry that comes back is a new one: the holder of the old one fails its fence.
-- A look checks what the replay checks, in the same order, and writes nothing: `gone` has the states that the letters
-- before would have left behind.
local wrong = in_the_way(OF_ACTS)
if wrong then return wrong end
local by, looks = ARGV[2], ARGV[3] == '1'
local gone = {}

local function state_of(key)
  return gone[key] or redis.call('HGET', key, 'state')
end

-- For each stream: why a letter cannot go back into it, or nothing.
local refused = {}

function refused.requests(letter)
  if letter.cut then return {'cut'} end
  if letter.no_payload then return {'no_payload'} end
  if letter.code == 'entry_trimmed' then return {'trimmed'} end
  local state = state_of(ns .. 'request:' .. letter.request)
  if state and state ~= 'dead' and state ~= 'cancelled' then return {'request', letter.request, state} end
end

function refused.migrations(letter)
  local request, migration = letter.request, letter.migration
  if migration == '' then return {'no_migration'} end
  if letter.code == 'bad_target' then return {'bad_target'} end
  local key, request_key = ns .. 'migration:' .. migration, ns .. 'request:' .. request
  if redis.call('HEXISTS', key, 'target') == 0 or redis.call('EXISTS', request_key, ns .. 'plan:' .. request) < 2 then
    return {'no_plan'}
  end
  local act = redis.call('HGET', key, 'act') or ''
  if act ~= act_of(letter) then
    if act == '' then return {'act_over', act_of(letter)} end
    return ENDED[state_of(key)] and {'act_since', act} or {'act_runs', act, request}
  end
  local state = state_of(key)
  if state ~= 'dead' and state ~= 'cancelled' then return {'migration', migration, state} end
  if redis.call('HEXISTS', request_key, 'cancelled_by') == 1 and redis.call('SCARD', ns .. 'unsettled:' .. request) > 0 then
    return {'cancelling'}
  end
end

function refused.notices(letter)
  -- Junk is named by its own entry.
  if letter.code == 'entry_unreadable' and letter.request == letter.entry then return {'no_request'} end
  if redis.call('EXISTS', ns .. 'request:' .. letter.request) == 0 then return {'request_gone', letter.request} end
end

-- What a letter that goes back leaves behind, as far as the checks of later letters depend on it.
local function leaves(into, letter)
  local key = ns .. 'request:' .. letter.request
  if into == 'requests' then gone[key] = 'queued' end
  if into ~= 'migrations' then return end
  gone[ns .. 'migration:' .. letter.migration] = 'queued'
  if ENDED[state_of(key)] then gone[key] = 'running' end
end

local replay_into = {}

function replay_into.requests(letter)
  local key, request = ns .. 'request:' .. letter.request, letter.request
  reopen(request)
  local asked = redis.call('HMGET', key, 'act', 'bases', 'by', 'source_id')
  local more, version = {}, VERSION
  if asked[1] then more, version = {'act', asked[1], 'bases', asked[2] or '', 'by', asked[3] or ''}, ACT_VERSION end
  if asked[1] and asked[4] then more[#more + 1], more[#more + 2] = 'source_id', asked[4] end
  local entry = redis.call('XADD', ns .. 'requests', '*', 'v', version, 'payload', letter.payload, 'request', request, unpack(more))
  redis.call('HSETNX', key, 'run', '1')
  redis.call('HSETNX', key, 'via', 'producer')
  redis.call('HSETNX', key, 'appended_ms', string.match(request, '^%d+') or int(now_ms()))
  redis.call('HSET', key, 'state', 'queued', 'entry', entry)
  redis.call('ZADD', ns .. 'known', 'NX', string.match(request, '^%d+') or int(now_ms()), request)
  event('request.replayed', 'request', request, 'by', by)
  changed(request)
end

function replay_into.migrations(letter)
  local request, migration = letter.request, letter.migration
  reopen(request)
  queue_again(request, migration)
  event('migration.replayed', 'request', request, 'migration', migration, 'by', by)
  changed(request)
end

-- A letter of an older version names a request, and its notice goes to that one's card.
function replay_into.notices(letter)
  local key = ns .. 'request:' .. letter.request
  local card = join_card(letter.request)
  redis.call('HDEL', key, 'notice_error')
  redis.call('HDEL', ns .. 'card:' .. card, 'notice_error', 'notice_dropped', 'refused')
  local ended = tonumber(redis.call('HGET', ns .. 'card:' .. card, 'ended_version') or 0)
  for _, request in ipairs(cohort(card)) do
    local its = redis.call('HMGET', ns .. 'request:' .. request, 'state', 'card_version')
    -- If its ending was posted already, nothing would ever close it again.
    if its[1] and (not ENDED[its[1]] or tonumber(its[2] or 0) > ended) then open(request) end
  end
  -- A notice that is under way will show it all.
  if redis.call('HGET', ns .. 'card:' .. card, 'notice_due') ~= '1' then notify_card(card) end
  event('notice.replayed', 'request', letter.request, 'by', by)
end

-- Every letter is read, and what belongs to its request looked at, before the first is sent back.
local letters, seen = {}, {}
for i = 4, #ARGV do
  local found = redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i])
  if found[1] then
    local letter = {request = '', migration = '', payload = '', code = ''}
    for f = 1, #found[1][2], 2 do letter[found[1][2][f]] = found[1][2][f + 1] end
    letters[ARGV[i]] = letter
    if not seen[letter.request] then
      seen[letter.request] = true
      wrong = of_a_request_in_the_way(letter.request)
      if wrong then return wrong end
    end
  end
end

local answers = {}
for i = 4, #ARGV do
  local letter = letters[ARGV[i]]
  if not letter or gone[ARGV[i]] then
    answers[#answers + 1] = {'gone'}
  else
    -- The letter of a target that was refused while planning comes from the stream of requests, but it is a migration.
    local into = letter.migration ~= '' and 'migrations' or letter.stream or ''
    local problem = {'no_stream'}
    if refused[into] and letter.request == '' then problem = {'nothing_left'} end
    if refused[into] and letter.request ~= '' then problem = refused[into](letter) end
    if not problem and looks then
      leaves(into, letter)
      gone[ARGV[i]] = true
    elseif not problem then
      replay_into[into](letter)
      redis.call('XDEL', KEYS[1], ARGV[i])
      letters[ARGV[i]] = nil
    end
    answers[#answers + 1] = problem and {'refused', unpack(problem)}
      or {'replayed', letter.migration ~= '' and letter.migration or letter.request}
  end
end
return answers
