#!lua flags=allow-oom
-- Carry a verdict out: the one place where work leaves a stream.
--
-- KEYS  1 the delivery's stream
-- ARGV  1 prefix  2 stream's name  3 consumer  4 entry  5 count  6 verdict  7 document (JSON)  8 plan, packed, or ''
-- Gives 1; 2 + ms since the request was appended where this ended it; 0 where the delivery was lost (nothing changed).
--
-- The document, by verdict; each also has `request`, and `migration` where there is one:
--   planned   source source_id channel tickets writes_before writes_after asked targets[] refused[{target code reason}] details{field: value}
--   skipped   source source_id channel asked targets[] refused[{target code reason}]
--   migrated  tickets deleted
--   said
--   retry     delay_ms reason member attempts waits details{field: value}
--   snooze    delay_ms reason member waits_for waits details{field: value}
--   dead      code reason attempts deliveries details{field: value}
--   handback rests newer
-- Of these retry, dead and handback may have `broken`: a key of another type that is in the way of the work.
-- All have `retention_ms`, and `content`: the digest of the entry that the verdict is about, or ''. Those about a message
-- that could be read have `named`, all targets that it names.
--
-- Atomic, because it is the hinge of promise 1: the entry is acknowledged, deleted, its result recorded and what
-- follows from it appended at once, so there is no moment at which work exists in no place, or in two. Fenced: a
-- holder that lost its delivery changes nothing. The last migration of a request to settle is known only here, so
-- here the request ends and its notice is emitted. Here, too, a person's *cancel* stops work that would go on,
-- wherever it was at that moment; what was finished meanwhile stays finished.
local stream, name, consumer, entry, count, verdict = KEYS[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if not still_holds(stream, consumer, entry, count) then return 0 end
local doc = cjson.decode(ARGV[7])

local found = redis.call('XRANGE', stream, entry, entry)
local fields = found[1] and found[1][2] or {}
-- The entry's fields by name; of one name the last, as in the client.
local named = {}
for i = 1, #fields, 2 do named[fields[i]] = fields[i + 1] end

-- Valkey's memory may have gone back since, and have given the very id to another entry, and that to the same consumer.
-- Of an entry that was removed nothing is left to compare.
if (doc.content or '') ~= '' and next(named) then
  local told = {named.request or '', named.target or '', named.card or '', named.payload or ''}
  if redis.sha1hex(table.concat(told, '\n')) ~= doc.content then return 0 end
end

-- An unreadable entry may be a migration on record: then it ends as that one, or its request would never end.
if name == 'migrations' and not doc.migration then
  local id = (named.request or '') .. ':' .. (named.target or '')
  if redis.call('HGET', ns .. 'migration:' .. id, 'entry') == entry then
    doc.migration, doc.request = id, named.request
  end
end
local request = doc.request
local request_key = ns .. 'request:' .. request
local card_key = doc.card and redis.call('EXISTS', ns .. 'card:' .. doc.card) == 1 and ns .. 'card:' .. doc.card

-- Before anything of them is read, so that a refusal names the key that is in the way.
local broken = verdict ~= 'handback' and (of_another_type(request_key, 'hash')
  or doc.migration and of_another_type(ns .. 'migration:' .. doc.migration, 'hash')
  or doc.card and of_another_type(ns .. 'card:' .. doc.card, 'hash'))
if broken then return broken end

local target_id = doc.migration and redis.pcall('HGET', ns .. 'migration:' .. doc.migration, 'target_id')
if type(target_id) ~= 'string' then target_id = nil end
local now = now_ms()

local function migration_key(target) return ns .. 'migration:' .. request .. ':' .. target end

local function acknowledge()
  redis.pcall('ZREM', ns .. 'newer', name .. ' ' .. entry)  -- for people alone
  redis.call('XACK', stream, GROUP, entry)
  redis.call('XDEL', stream, entry)
end

-- Set fields of a stream entry, in place.
local function with(fields, name_of, value)
  for i = 1, #fields, 2 do
    if fields[i] == name_of then fields[i + 1] = value return end
  end
  fields[#fields + 1] = name_of
  fields[#fields + 1] = value
end

local function append_dead(migration, payload, code, reason, mark)
  return bury(name, entry, request, migration, payload, code, reason, doc.attempts or 0, doc.deliveries or count, mark)
end

local function keep_details()
  for field, value in pairs(doc.details or {}) do redis.call('HSET', request_key, field, value) end
end

-- The targets that an unplanned request names. Its message leaves with its entry or its letter, and people go on asking.
local function keep_named()
  if doc.named and doc.named[1] then redis.call('HSET', request_key, 'named', table.concat(doc.named, '\n')) end
end

local ended_after

local function end_request(state)
  local came = tonumber(redis.call('HGET', request_key, 'appended_ms') or now)
  ended_after = math.max(0, now - math.max(came, tonumber(redis.call('HGET', request_key, 'not_before_ms') or 0)))
  redis.call('HSET', request_key, 'state', state, 'ended_ms', int(now))
  event('request.' .. state, 'request', request)
  local group = group_of(request)
  if redis.call('HGET', ns .. 'knockers', group) == request then knocks_no_more(group) end
  retain(request, doc.retention_ms)
  close_unless_told_later(request)
end

-- A set, not a counter, holds what is left: settling and replaying twice change nothing.
local function end_migration()
  -- An entry that other software put into the stream has no known request, and none is to be made up.
  if redis.call('EXISTS', request_key) == 0 then return end
  redis.call('SREM', ns .. 'unsettled:' .. request, doc.migration)
  if redis.call('SCARD', ns .. 'unsettled:' .. request) > 0 then return end
  end_request(ended_as(request))
end

-- Release the target's lock, and wake the delivery that waits for it, oldest request first.
local function release_target()
  if not target_id then return end
  local lock = ns .. 'target:' .. target_id
  local holder = redis.call('GET', lock)
  if not holder or string.find(holder, consumer .. ' ' .. entry .. ' ' .. count .. ' ', 1, true) ~= 1 then return end
  redis.call('DEL', lock)
  local waiting = ns .. 'waiting:' .. target_id
  local first = redis.call('ZPOPMIN', waiting)
  while first[1] and not promote(first[1]) do first = redis.call('ZPOPMIN', waiting) end
end

local function note_request(state)
  redis.call('HSETNX', request_key, 'appended_ms', string.match(request, '^%d+') or int(now))
  redis.call('HSETNX', request_key, 'run', '1')
  redis.call('HSETNX', request_key, 'via', 'producer')
  redis.call('HSET', request_key, 'state', state)
  if doc.source then redis.call('HSET', request_key, 'source', doc.source) end
  if doc.channel then redis.call('HSET', request_key, 'channel', doc.channel) end
  if doc.source_id then redis.call('HSET', request_key, 'source_id', doc.source_id) end
  if doc.asked then redis.call('HSET', request_key, 'asked', doc.asked) end
  open(request)
  redis.call('ZADD', ns .. 'known', 'NX', string.match(request, '^%d+') or int(now), request)
end

local function plan_target(order, target)
  local id = request .. ':' .. target
  local key = ns .. 'migration:' .. id
  redis.call('HSET', key, 'target', target, 'order', order, 'run', '1', 'attempts', '0', 'queued_ms', int(now))
  -- What an update asks for is on its request, and its migrations carry it on.
  local asked = redis.call('HMGET', request_key, 'act', 'bases', 'by', 'reached')
  if asked[1] then redis.call('HSET', key, 'act', asked[1], 'bases', asked[2] or '', 'act_by', asked[3] or '') end
  -- The copies that it is about are in this repository, whatever has its name now.
  for line in lines(asked[4]) do
    local name, known_id = string.match(line, '^(%S+) (%d+)$')
    if name and string.lower(name) == string.lower(target) then redis.call('HSET', key, 'known_id', known_id) end
  end
  queue_migration(request, id)
  redis.call('SADD', ns .. 'unsettled:' .. request, id)
end

local function refuse_target(refused)
  local id = request .. ':' .. refused.target
  redis.call('HSET', ns .. 'migration:' .. id, 'state', 'dead', 'target', refused.target, 'code', refused.code,
    'reason', refused.reason, 'ended_ms', int(now))
  append_dead(id, cjson.encode({target = refused.target}), refused.code, refused.reason)
  event('migration.dead', 'request', request, 'target', refused.target, 'code', refused.code, 'reason', refused.reason)
end

-- The owner whose credential was refused, or accepted: that of the repository that the work is about.
local function owner()
  local name = doc.migration and redis.call('HGET', ns .. 'migration:' .. doc.migration, 'target')
    or doc.source or (doc.details or {}).source
  return string.match(name or '', '^[^/]+')
end

-- What a piece of work waits for stays on it until it goes on. A wait is reported once, not at each try; a failure each time.
local function note_wait(key, name, ...)
  local before = redis.call('HGET', key, 'waits')
  redis.call('HSET', key, 'reason', doc.reason, 'waits', doc.waits)
  if doc.waits == 'retry' then redis.call('HSET', key, 'error', doc.reason, 'error_ms', int(now)) end
  -- A turn comes soon, and hundreds may wait for it.
  if (before ~= doc.waits and doc.waits ~= 'turn') or doc.waits == 'retry' then event(name, ...) end
  if doc.waits ~= 'credential' and doc.waits ~= 'date' then return end
  if doc.waits == 'credential' and owner() then is_refused(owner(), doc.reason) end
  if before ~= doc.waits then changed(request) end
end

local function park()
  if not doc.card then with(fields, 'request', request) end
  if doc.attempts then with(fields, 'attempts', tostring(doc.attempts)) end
  local due = now + doc.delay_ms
  if doc.waits_for then
    -- If the lock was released since the handler was refused, no release would wake it any more.
    if redis.call('EXISTS', ns .. 'target:' .. doc.waits_for) == 0 then due = now end
    redis.call('ZADD', ns .. 'waiting:' .. doc.waits_for, 0, doc.member)
  end
  redis.call('ZADD', ns .. 'parked', int(due), doc.member)
  redis.call('HSET', ns .. 'parked:entries', doc.member, cjson.encode({stream = name, fields = fields,
    migration = doc.migration, request = not doc.card and request or nil, card = doc.card, waits_for = doc.waits_for,
    reason = doc.reason, waits = doc.card and doc.waits or nil}))
  -- The parked notice will show what changes meanwhile. Earlier news overtakes a notice that waits to post the ending.
  if card_key and doc.waits ~= 'ending' then redis.call('HSET', card_key, 'notice_due', '1') end
  if name == 'requests' then
    name_targets(request, doc.named, doc.retention_ms)
    -- A producer's own entry has no hash yet. From here on it has another entry id, and can be found and cancelled only
    -- under the first one. An unreadable entry is a request under no name.
    if redis.call('EXISTS', request_key) == 0 and doc.member == parked_member(request, name) then note_request('queued') end
    if redis.call('EXISTS', request_key) == 1 then
      keep_details()
      keep_named()
      open(request)
      note_wait(request_key, 'request.parked', 'request', request, 'reason', doc.reason)
    end
  end
  if doc.migration then
    local key = ns .. 'migration:' .. doc.migration
    redis.call('HSET', key, 'state', 'parked')
    note_wait(key, 'migration.parked', 'request', request, 'migration', doc.migration, 'reason', doc.reason)
    if doc.attempts then redis.call('HSET', ns .. 'migration:' .. doc.migration, 'attempts', doc.attempts) end
  end
  acknowledge()
end

-- An entry that names another entry's request in its field `request`. Only the entry that is on record for a request is
-- that request (`park`, `promote` and `replay` record which one it is): a client that may append to the stream must not
-- overwrite the plan of a running request.
local function is_impostor()
  if name ~= 'requests' or request == entry or verdict == 'handback' then return false end
  local known = redis.call('HMGET', request_key, 'state', 'entry')
  return known[1] and (known[2] or request) ~= entry
end

local function bury_impostor()
  local claimed = request
  request, doc.attempts = entry, 0
  local reason = string.format(WORDS.impostor, claimed)
  append_dead('', named.payload or '', 'entry_unreadable', reason)
  event('request.dead', 'request', entry, 'code', 'entry_unreadable', 'reason', reason)
  acknowledge()
end

if is_impostor() then
  bury_impostor()
  return 1
end

-- What the message asks for, as the planner has understood it.
local function keep_request(state)
  note_request(state)
  keep_details()
  name_targets(request, doc.named, doc.retention_ms)
  name_source(doc.source_id, doc.source, doc.channel, doc.retention_ms)
  join_card(request)
  redis.call('HDEL', request_key, 'reason', 'waits', 'error', 'error_ms', 'named')
end

local function refuse_targets(targets)
  for _, refused in ipairs(doc.refused) do
    refuse_target(refused)
    targets[#targets + 1] = refused.target
  end
end

local handle = {}

function handle.planned()
  keep_request('running')
  if owner() then is_accepted(owner()) end
  local targets = {}
  redis.call('SET', ns .. 'plan:' .. request, ARGV[8])
  for order, target in ipairs(doc.targets) do
    plan_target(order - 1, target)
    targets[#targets + 1] = target
  end
  if #targets > 0 then knock(request) end
  refuse_targets(targets)
  redis.call('HSET', request_key, 'tickets', doc.tickets, 'planned_ms', int(now), 'targets', table.concat(targets, '\n'))
  redis.call('HSET', request_key, 'writes_before', doc.writes_before, 'writes_after', doc.writes_after)
  if doc.left_out then redis.call('HSET', request_key, 'left_out', doc.left_out) end
  event('request.planned', 'request', request, 'tickets', doc.tickets, 'targets', #doc.targets)
  if #doc.targets == 0 then end_request('failed') end
  changed(request)
  acknowledge()
end

function handle.skipped()
  keep_request('skipped')
  local targets = {}
  refuse_targets(targets)
  redis.call('HSET', request_key, 'tickets', '0', 'targets', table.concat(targets, '\n'))
  end_request('skipped')
  changed(request)
  acknowledge()
end

-- Another holder's late answer came after the last look: such a migration is never called done.
local function strays_found(key)
  local strays = redis.call('HGET', key, 'strays') or ''
  if strays == '' then return false end
  doc.code = 'strays_found'
  doc.reason = string.format(WORDS.strays, '#' .. string.gsub(strays, ' ', ', #'))
  return true
end

function handle.migrated()
  local key = ns .. 'migration:' .. doc.migration
  if strays_found(key) then return handle.dead() end
  -- Copies that were deleted since do not count as there, so that the numbers that people see add up.
  local there = doc.tickets - doc.deleted
  local copied = math.min(tonumber(redis.call('HGET', key, 'copied') or 0), there)
  redis.call('HSET', key, 'state', 'done', 'copied', copied, 'deleted', doc.deleted, 'reason', '',
    'present', there - copied, 'ended_ms', int(now))
  redis.call('HDEL', key, 'heal', 'heal_v', 'waits', 'error', 'error_ms')
  if owner() then is_accepted(owner()) end
  event('migration.done', 'request', request, 'migration', doc.migration, 'copied', copied)
  end_migration()
  changed(request)
  acknowledge()
end

-- An act is over: the migration ends again as it had ended before.
function handle.acted()
  local key = ns .. 'migration:' .. doc.migration
  if strays_found(key) then return handle.dead() end
  local act = end_act(key) or doc.act
  redis.call('HSET', key, 'acted', act, 'changed', doc.changed, 'left', doc.left)
  if owner() then is_accepted(owner()) end
  event('migration.' .. act .. '.ended', 'request', request, 'migration', doc.migration, 'changed', doc.changed,
    'left', select(2, string.gsub(doc.left, '[^\n]+', '')))
  end_migration()
  changed(request)
  acknowledge()
end

function handle.said() acknowledge() end

handle.retry = park
handle.snooze = park

-- Give up a notice: it is not posted, and no request stays open for it.
local function end_notice()
  local key = card_key or request_key
  redis.call('HSET', key, 'notice_error', doc.reason)
  redis.call('HDEL', key, 'notice_dropped')
  if card_key then redis.call('HSET', card_key, 'notice_due', '0') end
  if doc.code == 'slack_refused' then redis.call('HSET', key, card_key and 'refused' or 'notice_refused', '1') end
  for _, one in ipairs(card_key and cohort(doc.card) or {request}) do
    if ENDED[redis.call('HGET', ns .. 'request:' .. one, 'state')] then redis.call('ZREM', ns .. 'open', one) end
  end
  acknowledge()
end

-- Of letters that can never be replayed, the oldest make room for the newest.
local JUNK_KEPT = 1000

local function drop_oldest_junk(newest)
  redis.call('RPUSH', ns .. 'junk', newest .. ' ' .. request)
  if redis.call('LLEN', ns .. 'junk') <= JUNK_KEPT then return end
  local oldest, its_request = string.match(redis.call('LPOP', ns .. 'junk'), '^(%S+) (.*)$')
  if redis.call('XDEL', ns .. 'dead', oldest) == 0 then return end
  redis.call('HSET', ns .. 'request:' .. its_request, 'dropped_ms', int(now))
  event('letter.dropped', 'letter', oldest, 'request', its_request, 'migration', '', 'by',
    string.format(WORDS.dropped, int(JUNK_KEPT)))
  retain(its_request, doc.retention_ms)
end

function handle.dead()
  local payload, mark = named.payload, nil
  -- An entry without a payload, not even an empty one, is kept as its fields.
  if not payload and next(named) then
    payload, mark = cjson.encode(named), name == 'requests' and 'no_payload' or nil
  end
  -- A refused channel already has its letter.
  if card_key and doc.code == 'slack_refused' and redis.call('HEXISTS', card_key, 'refused') == 1 then return end_notice() end
  local letter = append_dead(doc.migration or '', payload or '', doc.code, doc.reason, mark)
  event(string.sub(name, 1, -2) .. '.dead', 'request', request, 'migration', doc.migration or '', 'code', doc.code,
    'reason', doc.reason)
  local state = doc.code == 'cancelled' and 'cancelled' or 'dead'
  if name == 'requests' then
    note_request(state)
    name_targets(request, doc.named, doc.retention_ms)
    redis.call('HSET', request_key, 'code', doc.code, 'reason', doc.reason, 'ended_ms', int(now))
    keep_details()
    keep_named()
    join_card(request)
    retain(request, doc.retention_ms)
    close_unless_told_later(request)
    changed(request)
    if JUNK[doc.code] then drop_oldest_junk(letter) end
  elseif doc.migration then
    redis.call('HSET', ns .. 'migration:' .. doc.migration, 'state', state, 'code', doc.code, 'reason', doc.reason,
      'ended_ms', int(now))
    if target_id then redis.call('PERSIST', ns .. 'ledger:' .. target_id) end
    end_migration()
    changed(request)
  elseif name == 'notices' and (card_key or redis.call('EXISTS', request_key) == 1) then
    return end_notice()
  end
  acknowledge()
end

function handle.handback()
  hand_back(stream, entry, count, doc.rests and 0)
  if doc.newer then
    redis.pcall('ZADD', ns .. 'newer', int(now), name .. ' ' .. entry)
    redis.call('PEXPIRE', ns .. 'newer', 86400000)
  end
  if doc.migration then redis.pcall('HSET', ns .. 'migration:' .. doc.migration, 'state', 'queued') end
end

-- For people alone: what they see names the key until it is mended.
local function note_broken(key)
  if (key or '') == '' then return end
  redis.pcall('ZADD', ns .. 'broken', int(now), key)
  redis.pcall('ZREMRANGEBYRANK', ns .. 'broken', 0, -101)
  redis.pcall('PEXPIRE', ns .. 'broken', 86400000)
end

local by = (verdict == 'planned' or verdict == 'retry' or verdict == 'snooze') and name ~= 'notices'
  and redis.call('HGET', request_key, 'cancelled_by')
if by then
  verdict, doc.code, doc.reason = 'dead', 'cancelled', string.format(WORDS.cancelled, by)
end

-- What each verdict writes to, apart from the records that were looked at above.
local WRITES = {
  planned = {'migrations', 'notices', 'dead', 'open', 'known', 'cohorts', 'knocks', 'knockers', 'named', 'sources', 'refused'},
  skipped = {'notices', 'dead', 'open', 'known', 'cohorts', 'knocks', 'knockers', 'named', 'sources'},
  dead = {'notices', 'dead', 'open', 'known', 'cohorts', 'refused', 'knocks', 'knockers', 'named', 'junk', 'parked', 'parked:entries'},
  retry = {'parked', 'parked:entries', 'open', 'known', 'named', 'notices'},
  said = {},
}
WRITES.snooze = WRITES.retry
WRITES.migrated, WRITES.acted = WRITES.dead, WRITES.dead

-- The error to give where something else stands in a key; nil where all may be used. An error in the middle of the script
-- would leave its entry pending, and each repetition would queue migrations and bury letters again.
local function unusable()
  local wrong = in_the_way(WRITES[verdict]) or of_another_type(ns .. 'unsettled:' .. request, 'set')
  for _, target in ipairs(doc.targets or {}) do
    wrong = wrong or of_another_type(migration_key(target), 'hash')
  end
  return wrong
end

local wrong = verdict ~= 'handback' and unusable()
if wrong then return wrong end
handle[verdict]()
note_broken(doc.broken)
release_target()
return ended_after and 2 + ended_after or 1
