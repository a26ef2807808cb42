-- Shared by what appends: a key that holds something else than Monarch's record is named before the first write. The
-- server's own error does not name it, and comes in the middle of a script. That is half done then, and each repetition
-- appends again what was appended before the error. The log of events is not among them: see `event`.
-- KINDS stands before this: what type each key has (`keys.py`).
-- What an act on a request may write to.
local OF_ACTS = {'requests', 'migrations', 'notices', 'dead', 'open', 'known', 'cohorts', 'knocks', 'knockers',
  'parked', 'parked:entries'}

-- The error to give where a key holds something else than `kind`; nil where it may be used.
local function of_another_type(key, kind)
  local found = redis.call('TYPE', key).ok
  if found == kind or found == 'none' then return nil end
  return redis.error_reply('WRONGTYPE ' .. key .. ' is a ' .. found .. ' and should be a ' .. kind)
end

-- The same for the first of these keys that is in the way, by their names without the prefix.
local function in_the_way(names)
  for _, name in ipairs(names) do
    local wrong = of_another_type(ns .. name, KINDS[name])
    if wrong then return wrong end
  end
end

-- The same for what an act on a request writes to once it has reopened it: its plan, its open migrations and its card. If
-- the act broke off there, the request would run for ever with nothing under way, and no other act would take it up.
local function of_a_request_in_the_way(request)
  local key = ns .. 'request:' .. request
  local wrong = of_another_type(key, 'hash') or of_another_type(ns .. 'plan:' .. request, 'string')
    or of_another_type(ns .. 'unsettled:' .. request, 'set')
  local card = not wrong and redis.call('HGET', key, 'card')
  return wrong or card and (of_another_type(ns .. 'card:' .. card, 'hash') or of_another_type(ns .. 'cohort:' .. card, 'zset')) or nil
end

-- The same for what an act reads of one of its targets.
local function of_a_target_in_the_way(request, target)
  local key = ns .. 'migration:' .. request .. ':' .. target
  local wrong = of_another_type(key, 'hash')
  local id = not wrong and redis.call('HGET', key, 'target_id')
  return wrong or id and of_another_type(ns .. 'ledger:' .. id, 'hash') or nil
end

-- Whether a request has a state that these scripts do not know, as a newer version or a person has written it. What there is
-- to do with such a request is not known either, so a person's act leaves it as it is.
local function is_strange(state) return state and state ~= 'queued' and state ~= 'running' and not ENDED[state] end
