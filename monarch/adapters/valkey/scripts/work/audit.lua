#!lua
-- Look through the open requests for work that is in no place (a stream or an entry was deleted by hand), and remove
-- consumers that are gone.
--
-- KEYS  1 open (sorted set)  2 audited (hash: until, to, consumers_until)  then the streams
-- ARGV  1 prefix  2 how many requests and migrations to look at, about  3 not again within, ms
--       4 a consumer is no more after, ms: they are looked through no more often than that
-- Gives {how many migrations and notices were put back, requests given up, consumers removed}.
--
-- The cursor is in Valkey, because any worker may do the next part: some ms every few seconds, and 100,000 open requests
-- take some minutes. Requests that close meanwhile move the others up, and one that is skipped by that has its turn in the
-- next round.
--
-- Atomic, because every move of work (plan, park, promote, settle, replay) is one script that also writes down where it
-- is now: between scripts, work whose entry is neither in its stream nor parked was removed by hand.
-- DELCONSUMER drops what is pending, so this script looks and deletes in one step.
-- Not `allow-oom`: it adds entries, and what is missing is still missing when there is memory again.
local limit, now = tonumber(ARGV[2]), now_ms()
local audited = redis.call('HMGET', KEYS[2], 'until', 'to', 'consumers_until')

-- Whether a task is due that comes next at `at`, and then every `every` ms. The clock may have gone back.
local function is_due(at, every)
  local next_in = (tonumber(at) or 0) - now
  return next_in <= 0 or next_in > tonumber(every)
end

if not is_due(audited[1], ARGV[3]) then return {0, 0, 0} end
local looks_at_consumers = is_due(audited[3], ARGV[4])
redis.call('HSET', KEYS[2], 'until', int(now + tonumber(ARGV[3])),
  'consumers_until', looks_at_consumers and int(now + tonumber(ARGV[4])) or audited[3])
local from = tonumber(audited[2]) or 0
local restored, given_up, removed = 0, 0, 0

local function stands(stream, entry, member)
  if #redis.call('XRANGE', ns .. stream, entry, entry) == 1 then return true end
  if redis.call('HEXISTS', ns .. 'parked:entries', member) == 0 then return false end
  -- An entry that is parked without a time would never be due.
  if not redis.call('ZSCORE', ns .. 'parked', member) then
    redis.call('ZADD', ns .. 'parked', int(now), member)
    restored = restored + 1
  end
  return true
end

local function is_entry(text) return text and string.find(text, '^%d+%-%d+$') end

local function audit_migrations(request)
  local left = redis.call('SMEMBERS', ns .. 'unsettled:' .. request)
  limit = limit - #left
  for _, migration in ipairs(left) do
    local known = redis.call('HMGET', ns .. 'migration:' .. migration, 'entry', 'order', 'target')
    if is_entry(known[1]) and known[3]
      and not stands('migrations', known[1], parked_member(request, 'migrations', known[2] or '0', known[3]))
      and put_back(request, migration) then restored = restored + 1 end
  end
end

local function audit_as_before(request, known)
  if (known.channel or '') == '' or not is_entry(known.notice_entry) then return end
  local unreported = ENDED[known.state] and known.final_said ~= (known.run or '1') and not known.notice_error
  if known.notice_due ~= '1' and not unreported then return end
  if stands('notices', known.notice_entry, parked_member(request, 'notices')) then return end
  notify_as_before(request)
  restored = restored + 1
end

local seen = {}

-- Audit each card once in a call, however many of its requests are open.
local function audit_card(card)
  if seen[card] then return end
  seen[card] = true
  local its = hash(ns .. 'card:' .. card)
  if (its.channel or '') == '' or its.notice_error then return end
  local unreported = its.ended_version ~= its.version and not has_open(card)
  if its.notice_due ~= '1' and not unreported then return end
  if is_entry(its.notice_entry) and stands('notices', its.notice_entry, card_member(card)) then return end
  notify_card(card)
  restored = restored + 1
end

local function audit_notice(request, known)
  if not known.card then return audit_as_before(request, known) end
  if redis.call('EXISTS', ns .. 'card:' .. known.card) == 0 then return end
  -- Older code, which knows no cards, has changed it.
  if known.carded ~= known.version then show_on_card(request, known.card) end
  audit_card(known.card)
end

local page, at = redis.call('ZRANGE', KEYS[1], from, from + limit - 1), 0
while limit > 0 and page[at + 1] do
  at = at + 1
  limit = limit - 1
  local request = page[at]
  local known = hash(ns .. 'request:' .. request)
  if not known.state then
    redis.call('ZREM', KEYS[1], request)
    from = from - 1
  elseif known.state == 'queued' then
    local entry = known.entry or request
    if is_entry(entry) and not stands('requests', entry, parked_member(request, 'requests')) then
      give_up_request(request, entry)
      given_up = given_up + 1
    end
  elseif known.state == 'running' then
    audit_migrations(request)
  end
  audit_notice(request, known)
end
local to = limit > 0 and 0 or from + at
if to ~= (tonumber(audited[2]) or 0) then redis.call('HSET', KEYS[2], 'to', int(to)) end

for i = 3, looks_at_consumers and #KEYS or 2 do
  local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[i], GROUP)
  for _, flat in ipairs(consumers.err and {} or consumers) do
    local fields = {}
    for f = 1, #flat, 2 do fields[flat[f]] = flat[f + 1] end
    if fields.pending == 0 and fields.idle > tonumber(ARGV[4]) then
      redis.call('XGROUP', 'DELCONSUMER', KEYS[i], GROUP, fields.name)
      removed = removed + 1
    end
  end
end
return {restored, given_up, removed}
