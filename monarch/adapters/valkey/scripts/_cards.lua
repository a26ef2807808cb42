-- Shared by all scripts: cohorts and their cards, what is kept of a request, and the notice of a change.
--
-- The requests of one source and one channel that come together, and ask for the same portion of the source, are a cohort,
-- and people see one card for it: a sprint that waits for its date does not keep the previous sprint's card open. A request
-- joins one card, once, and stays on it whatever becomes of it: its field `card` names that card. A card has the id of the
-- request that began it, so that planning twice makes no second card. Joining is part of the script that plans: between
-- scripts there is no planned request without a card, and two requests that are planned at once find each other.

-- A card takes another request while one of its own is open, and for this many ms after the last one joined it.
local JOINED_WITHIN_MS = 600000
-- How much fits on a card, because every notice reads it whole. The next request begins another card.
local CARD_REQUESTS, CARD_TARGETS = 200, 1000
-- For how many ms after it was last joined a card is found by its source; if its requests are open for longer, another card follows.
local CARD_FOUND_MS = 2592000000

-- What a command answers, or `otherwise` for a key of another type: one broken record does not cost people the others.
local function sound(otherwise, ...)
  local found = redis.pcall(...)
  if type(found) ~= 'table' or not found.err then return found end
  if string.find(found.err, 'WRONGTYPE', 1, true) then return otherwise end
  error(found.err)
end

-- Requests of a cohort, in the order in which they joined.
local function cohort(card) return redis.call('ZRANGE', ns .. 'cohort:' .. card, 0, -1) end

local function has_open(card)
  for _, request in ipairs(cohort(card)) do
    local state = sound(false, 'HGET', ns .. 'request:' .. request, 'state')
    if state and not ENDED[state] then return true end
  end
  return false
end

-- Where the newest card of a source, a channel and a portion is found: by GitHub's id of the source, and by its name in
-- lower case, for a source that cannot be read.
local function found_by(kind, source, known)
  return ns .. 'cards:' .. redis.sha1hex(kind .. '\n' .. source .. '\n' .. known.channel .. known.portion)
end

local function places(known)
  local found = {found_by('name', string.lower(known.source), known)}
  if known.source_id ~= '' then table.insert(found, 1, found_by('id', known.source_id, known)) end
  return found
end

-- Whether a card takes this request. A different repository that has taken over the name is another source.
local function takes(card, known, now)
  local its = redis.call('HMGET', ns .. 'card:' .. card, 'joined_ms', 'requests', 'targets', 'source_id')
  local joined, requests, targets = tonumber(its[1]), tonumber(its[2]), tonumber(its[3])
  if not joined or not requests or not targets then return false end
  local other = its[4] or ''
  if other ~= '' and known.source_id ~= '' and other ~= known.source_id then return false end
  if requests >= CARD_REQUESTS or targets + known.asked > CARD_TARGETS then return false end
  return now - joined < JOINED_WITHIN_MS or has_open(card)
end

local function begin_card(request, known, now)
  redis.call('HSET', ns .. 'card:' .. request, 'source', known.source, 'channel', known.channel, 'opened_ms', int(now),
    'requests', '0', 'targets', '0', 'version', '0')
  redis.call('ZADD', ns .. 'cohorts', int(now), request)
  return request
end

local function find_card(known, now)
  for _, place in ipairs(places(known)) do
    local card = redis.call('GET', place)
    if card and takes(card, known, now) then return card end
  end
end

local function what_joins(request)
  local its = redis.call('HMGET', ns .. 'request:' .. request, 'state', 'source', 'source_id', 'channel', 'asked', 'card',
    'not_before_ms', 'milestones')
  local portion = (its[7] or its[8]) and '\n' .. (its[7] or '') .. '\n' .. (its[8] or '') or ''
  return {portion = portion, state = its[1], source = its[2] or '', source_id = its[3] or '', channel = its[4] or '', asked = tonumber(its[5] or 0),
    card = its[6]}
end

local function put_on(card, request, known, now)
  redis.call('HSET', ns .. 'request:' .. request, 'card', card)
  redis.call('ZADD', ns .. 'cohort:' .. card, int(now), request)
  redis.call('HINCRBY', ns .. 'card:' .. card, 'requests', 1)
  redis.call('HINCRBY', ns .. 'card:' .. card, 'targets', known.asked)
  redis.call('HSET', ns .. 'card:' .. card, 'joined_ms', int(now))
  redis.call('PERSIST', ns .. 'card:' .. card)
  redis.call('PERSIST', ns .. 'cohort:' .. card)
  for _, place in ipairs(places(known)) do redis.call('SET', place, card, 'PX', int(CARD_FOUND_MS)) end
end

-- The card that a request is on. A request without a card, or whose card is not kept any more, joins one now; with
-- `by_itself` it begins its own.
local function join_card(request, by_itself)
  local known, now = what_joins(request), now_ms()
  if not known.state then return nil end
  local card = known.card
  if not card or redis.call('EXISTS', ns .. 'card:' .. card) == 0 then
    card = not by_itself and find_card(known, now) or begin_card(request, known, now)
    put_on(card, request, known, now)
  end
  -- GitHub's id of its source may have become known after it joined.
  if known.source_id ~= '' and redis.call('HSETNX', ns .. 'card:' .. card, 'source_id', known.source_id) == 1 then
    redis.call('SET', found_by('id', known.source_id, known), card, 'NX', 'PX', int(CARD_FOUND_MS))
  end
  return card
end

-- The requests of a cohort as they stand, each with its migrations; those that are gone are left out.
local function read_requests(card)
  local found = {}
  for _, request in ipairs(sound({}, 'ZRANGE', ns .. 'cohort:' .. card, 0, -1)) do
    local fields, migrations = sound({}, 'HGETALL', ns .. 'request:' .. request), {}
    if #fields > 0 then
      for target in lines(redis.call('HGET', ns .. 'request:' .. request, 'targets')) do
        migrations[#migrations + 1] = sound({}, 'HGETALL', ns .. 'migration:' .. request .. ':' .. target)
      end
      found[#found + 1] = {request, fields, migrations}
    end
  end
  return found
end

local function persist_card(request)
  local card = redis.call('HGET', ns .. 'request:' .. request, 'card')
  if not card then return end
  redis.call('PERSIST', ns .. 'card:' .. card)
  redis.call('PERSIST', ns .. 'cohort:' .. card)
end

-- A card ends with the last of its requests that is kept.
local function keep_card(request, pinned, retention_ms)
  local card = redis.call('HGET', ns .. 'request:' .. request, 'card')
  if not card then return end
  local stays = pinned or has_open(card)
  for _, key in ipairs({ns .. 'card:' .. card, ns .. 'cohort:' .. card}) do
    if stays then redis.call('PERSIST', key) else redis.call('PEXPIRE', key, retention_ms) end
  end
end

-- Requests and cohorts leave their lists once they are gone. Some old ones are not gone: a dead letter pins them, or they
-- took long. So each call looks through a part of the old ones, a different part each time.
local LOOKED_THROUGH = 100

local function forget_gone(list, prefix, before_ms)
  local old = redis.call('ZCOUNT', list, '-inf', before_ms)
  local first = now_ms() % math.max(1, old - LOOKED_THROUGH + 1)
  local found = redis.call('ZRANGEBYSCORE', list, '-inf', before_ms, 'LIMIT', first, LOOKED_THROUGH)
  for _, one in ipairs(found) do
    if redis.call('EXISTS', prefix .. one) == 0 then redis.call('ZREM', list, one) end
  end
end

-- What stays of a request once it has ended: everything, while a dead letter of it may be replayed; otherwise it expires
-- after the retention. A letter that a person dropped pins nothing, before the end or after it.
local function retain(request, retention_ms)
  local key = ns .. 'request:' .. request
  local known = redis.call('HMGET', key, 'state', 'targets', 'dropped_ms')
  if not ENDED[known[1]] then return end
  local never_planned = known[1] == 'dead' or known[1] == 'cancelled' and (known[2] or '') == ''
  local pinned = never_planned and not known[3]
  local keys, needed = {key, ns .. 'plan:' .. request}, {}
  for target in lines(known[2]) do
    local migration = ns .. 'migration:' .. request .. ':' .. target
    local its = redis.call('HMGET', migration, 'state', 'dropped_ms', 'target_id')
    pinned = pinned or (its[1] == 'dead' or its[1] == 'cancelled') and not its[2]
    keys[#keys + 1] = migration
    if its[3] then needed[its[3]] = request .. ':' .. target end
  end
  for _, one in ipairs(keys) do
    if pinned then redis.call('PERSIST', one) else redis.call('PEXPIRE', one, retention_ms) end
  end
  for target_id, migration in pairs(needed) do
    redis.call(pinned and 'SADD' or 'SREM', ns .. 'needs:' .. target_id, migration)
    keep_ledger(target_id, retention_ms)
  end
  keep_card(request, pinned, retention_ms)
  forget_gone(ns .. 'known', ns .. 'request:', now_ms() - retention_ms)
  forget_gone(ns .. 'cohorts', ns .. 'card:', now_ms() - retention_ms)
end

-- The name of the parked notice of a card.
local function card_member(card) return parked_member(card, 'notices') .. ':card' end

-- A notice carries no text: the worker that takes it posts the state of the cohort at that time. Its version is newer than
-- that of the notices which older code writes, one for each request: older code leaves it alone, so that a cohort is never
-- posted twice.
local NOTICE_VERSION = '2'

local function notify_card(card)
  local entry = redis.call('XADD', ns .. 'notices', '*', 'v', NOTICE_VERSION, 'card', card)
  redis.call('HSET', ns .. 'card:' .. card, 'notice_due', '1', 'notice_entry', entry)
end

-- Note a change of what a card shows: raise its version, and see that a notice is under way that will show it. Returns the version.
-- `notice_due` is cleared by begin_telling before it reads the state, so a change after that emits anew, and 500 targets
-- that end together do not make 500 notices.
local function card_changed(card)
  local key = ns .. 'card:' .. card
  local version = redis.call('HINCRBY', key, 'version', 1)
  local known = redis.call('HMGET', key, 'channel', 'notice_due', 'refused')
  -- Once Slack has refused the channel for good, a dead letter says so. The ending is tried again, since a person may have
  -- repaired the channel; earlier notices are not.
  local silent = (known[1] or '') == '' or known[2] == '1' or known[3] and has_open(card)
  if not silent then notify_card(card) end
  return version
end

-- Older code posts each request by itself. It may be about to post one that it has begun, so such a request keeps its own
-- notices until this code has one of them in hand; then it gets a card of its own (adopt.lua).
local function is_reported_as_before(key)
  for _, field in ipairs(redis.call('HMGET', key, 'notice_due', 'said_version', 'progress_open', 'final_open')) do
    if field then return redis.call('HEXISTS', key, 'card') == 0 end
  end
  return false
end

local function notify_as_before(request)
  local entry = redis.call('XADD', ns .. 'notices', '*', 'v', VERSION, 'request', request)
  redis.call('HSET', ns .. 'request:' .. request, 'notice_due', '1', 'notice_entry', entry)
end

-- Keep older code from posting a request that has a card: `notice_due` tells it that a notice of the request is under way,
-- and then it emits none. `carded` is the version of the request that its card knows: if older code has raised the version
-- since, the audit notices.
local function show_on_card(request, card)
  local key = ns .. 'request:' .. request
  redis.call('HSET', key, 'carded', redis.call('HGET', key, 'version'), 'card_version', card_changed(card), 'notice_due', '1')
end

-- Note a change of a request's state: raise its version, and show it on its card. A request whose message was not read yet
-- has no card: its subject and its channel are not known.
local function changed(request)
  local key = ns .. 'request:' .. request
  if redis.call('EXISTS', key) == 0 then return end
  redis.call('HINCRBY', key, 'version', 1)
  local known = redis.call('HMGET', key, 'channel', 'notice_due', 'source', 'state')
  if not is_reported_as_before(key) then
    if known[3] or ENDED[known[4]] then show_on_card(request, join_card(request)) end
    return
  end
  if (known[1] or '') ~= '' and known[2] ~= '1' then notify_as_before(request) end
end

