#!lua flags=allow-oom
-- Record what became of a write, or what a look showed. Facts are not fenced.
--
-- KEYS  1 ledger:<id> (hash)  2 slots:<account>  3 gate:<account>  4 faults:<account> (set)
--       5 migration:<id> (hash)  6 request:<id> (hash)  7 budget:<account> (sorted set)
--       8 turns:<account> (sorted set)  9 asks:<account> (sorted set)
-- ARGV  1 prefix  2 document (JSON)
--
-- The document, by fact; an absent field is nil:
--   created      number nonce issue: GitHub's id of the issue, where it is known
--   found        number issue
--   refused      nonce reason
--   not_created unanswered answered   nonce
--   stray        number original
--   changed seen_changed   number nonce change (close | retire | reopen | edit)
--   recalled     number
--   noted        note
--   looked       there: how many copies exist  deleted: how many people have deleted
-- each also has `fact`, and `ticket` where it is about one, and of the delivery that reports it
--   entry count migration request run target  turn: its name in line
-- and, the same for every fact of a worker, in ms:
--   retention_ms  faults_ms: the gate's rest after faults  returns_ms: how long the line waits for its next question
--   late_ms: how long the line waits for a late member
-- Gives the number of a second copy, or 0.
--
-- Atomic, because two holders may report at once (a zombie its late 201, the new holder its own), and the second to
-- come must see the first: of two numbers one is the copy and the other a stray, which people hear of at once.
-- It may be repeated: the same fact again changes only times.
local doc, now = cjson.decode(ARGV[2]), now_ms()
local fact, ticket, nonce, migration, request = doc.fact, doc.ticket, doc.nonce, doc.migration, doc.request
local number = doc.number and int(doc.number)
local NOTES_KEPT = 20
local record = ticket and redis.call('HGET', KEYS[1], ticket)
local created = record and string.match(record, '^created #(%d+)')
local _, intent = intent_in(record)
local stray = 0
local is_known = redis.call('EXISTS', KEYS[5]) == 1
-- Whether the migration goes into another repository by now, which has the name of the one that this is about: what is
-- counted and noted of it is about that one alone (`take` forgets the rest). Where something else stands in the
-- migration's key, the ledger is still to learn the fact.
local its_target = redis.pcall('HGET', KEYS[5], 'target_id')
local is_elsewhere = type(its_target) == 'string' and its_target ~= doc.target

-- On which migration and request a stray is reported: its own, or where this memory does not know that one (it was
-- emptied), the one that took the target last; nil where none has.
local function reported_on()
  for _, one in ipairs({migration, redis.call('GET', ns .. 'latest:' .. doc.target) or nil}) do
    local its_request = string.match(one, '^[^:]*')
    if redis.call('EXISTS', ns .. 'migration:' .. one, ns .. 'request:' .. its_request) == 2 then return one, its_request end
  end
end

local function bury_stray(on_migration, on_request, target, second)
  local reason = string.format(WORDS.stray, second)
  bury('migrations', doc.entry, on_request, on_migration, cjson.encode({request = on_request, target = target}),
    'strays_found', reason, '0', doc.count)
  return reason
end

local function fail_request(on_request, request_key, state)
  if state == 'done' then
    redis.call('HSET', request_key, 'state', 'failed')
    redis.call('PERSIST', request_key)
    redis.call('PERSIST', ns .. 'plan:' .. on_request)
    for other in lines(redis.call('HGET', request_key, 'targets')) do
      redis.call('PERSIST', ns .. 'migration:' .. on_request .. ':' .. other)
    end
  end
  redis.call('HDEL', request_key, 'final_said', 'final_open')
  open(on_request)
  if ENDED[state] then close_unless_told_later(on_request) end
  changed(on_request)
end

local function report_stray(second)
  stray = tonumber(second)
  local on_migration, on_request = reported_on()
  local key = ns .. 'migration:' .. (on_migration or migration)
  local known = redis.call('HGET', key, 'strays') or ''
  if string.find(' ' .. known .. ' ', ' ' .. second .. ' ', 1, true) then return end
  redis.call('HSET', key, 'strays', known == '' and second or known .. ' ' .. second)
  event('stray.found', 'migration', on_migration or migration, 'number', second, 'ticket', ticket)
  -- No request has asked for this target since: the dead letter is the only report.
  if not on_migration then return bury_stray(migration, request, string.match(migration, ':(.*)$') or '', second) end
  local its = redis.call('HMGET', key, 'state', 'target')
  if its[1] == 'done' then
    local reason = bury_stray(on_migration, on_request, its[2], second)
    redis.call('HSET', key, 'state', 'dead', 'code', 'strays_found', 'reason', reason)
    redis.call('PERSIST', key)
  end
  local request_key = ns .. 'request:' .. on_request
  fail_request(on_request, request_key, redis.call('HGET', request_key, 'state'))
end

-- What people should know and what fails nothing: each text once, and at most NOTES_KEPT of them.
local function note(text)
  if is_elsewhere then return end
  local kept, known = 0, redis.call('HGET', KEYS[5], 'notes') or ''
  for line in lines(known) do
    if line == text then return end
    kept = kept + 1
  end
  if kept > NOTES_KEPT then return end
  if kept == NOTES_KEPT then text = WORDS.more_notes end
  redis.call('HSET', KEYS[5], 'notes', known == '' and text or known .. '\n' .. text)
  event('migration.noted', 'request', request, 'migration', migration, 'note', text)
  changed(request)
end

-- People see what the newest look by the target's holder shows, and the copies made since. A look by a holder that lost
-- the target says nothing of now. Counts add up: copied + present = there.
local function count(there, deleted)
  local holder = redis.call('GET', ns .. 'target:' .. doc.target) or ''
  local entry, delivered = string.match(holder, '^%S+ (%S+) (%S+) ')
  if entry ~= doc.entry or tonumber(delivered) ~= doc.count then return end
  local copied = math.min(tonumber(redis.call('HGET', KEYS[5], 'copied') or 0), there)
  redis.call('HSET', KEYS[5], 'copied', copied, 'present', there - copied, 'deleted', deleted)
end

-- This migration has copied one more. Where a look counted it already, the look took it for an older copy.
local function count_copied(was_counted)
  if is_elsewhere then return end
  local copied = redis.call('HINCRBY', KEYS[5], 'copied', 1)
  local present = tonumber(redis.call('HGET', KEYS[5], 'present') or 0)
  local total = tonumber(redis.call('HGET', KEYS[6], 'tickets') or copied + present)
  if present > 0 and (was_counted or copied + present > total) then redis.call('HINCRBY', KEYS[5], 'present', -1) end
  redis.call('HSETNX', KEYS[5], 'first_copy_ms', int(now))
end

-- A change of a copy whose outcome is not known. It is over when its own write was answered or came to nothing, or when
-- a worker has seen what came of it; what another write left there stays.
local pending_field = ticket and 'pending:' .. ticket
local pending = ticket and nonce
  and string.match(redis.call('HGET', KEYS[1], pending_field) or '', '^%l+ #%d+ until %d+ (%S+)$') == nonce
local CHANGED = {close = 'closed', retire = 'closed', reopen = 'reopened'}
local TOLD = {close = 'ticket.recalled', retire = 'ticket.recalled', reopen = 'ticket.reopened', edit = 'ticket.updated'}
-- Put after the request, where older code does not read: to older code the copy is recalled, so it leaves the copy alone.
local WHY = {retire = ' with-ticket'}
local recall_field = ticket and 'recall:' .. ticket

local function change(what)
  if CHANGED[what] then
    redis.call('HSET', KEYS[1], recall_field,
      CHANGED[what] .. ' #' .. number .. ' ' .. int(now) .. ' ' .. request .. (WHY[what] or ''))
  end
  -- The worker that ends the update reports the edits of those that have died, too.
  if what == 'edit' then redis.call('HSET', KEYS[1], 'edited:' .. ticket, '#' .. number .. ' ' .. int(now) .. ' ' .. request) end
  event(TOLD[what], 'migration', migration, 'ticket', ticket, 'number', number)
  -- Of what has ended the count was said already: a frozen worker that records its change only now changes no report.
  local is_over = ENDED[redis.call('HGET', KEYS[5], 'state')]
  if not is_elsewhere and not is_over then redis.call('HINCRBY', KEYS[5], 'changed', 1) end
end

if pending and (fact == 'changed' or fact == 'seen_changed') then change(doc.change) end
if pending and fact ~= 'unanswered' then redis.call('HDEL', KEYS[1], pending_field) end

if fact == 'created' or fact == 'found' then
  if created and created ~= number then
    if fact == 'created' then report_stray(number) end
  elseif not created then
    redis.call('HSET', KEYS[1], ticket, 'created #' .. number .. ' ' .. int(now))
    -- Beside the record and not in it: older code reads the record, and skips fields that name no ticket.
    if doc.issue then redis.call('HSET', KEYS[1], 'issue:' .. ticket, '#' .. number .. ' ' .. int(doc.issue)) end
    event(fact == 'created' and 'ticket.copied' or 'ticket.found', 'migration', migration, 'ticket', ticket,
      'number', number)
    if fact == 'created' or intent then count_copied(fact == 'found') end
  end
elseif fact == 'refused' and (not record or intent == nonce) then
  -- About its own write alone: a zombie's late refusal must not hide the intent of a write that is under way.
  if not is_elsewhere then redis.call('HINCRBY', KEYS[5], 'refused', 1) end
  redis.call('HSET', KEYS[1], ticket, 'refused ' .. int(doc.run) .. ' ' .. int(now) .. ' ' .. doc.reason)
  event('ticket.refused', 'migration', migration, 'ticket', ticket, 'reason', doc.reason)
elseif fact == 'not_created' then
  -- GitHub does not count what it refused, so its place in the windows is free again, too.
  redis.call('ZREM', KEYS[7], nonce)
  if intent == nonce then redis.call('HDEL', KEYS[1], ticket) end
elseif fact == 'stray' and not intent then
  -- While a write of this ticket is under way, the worker that reconciles it looks again and reports which of the two it is.
  report_stray(created == number and int(doc.original) or number)
elseif fact == 'recalled' then
  -- A person wants the copy closed, whatever becomes of its ticket.
  local closed = string.match(redis.call('HGET', KEYS[1], recall_field) or '', '^(closed #' .. number .. ' %d+ %S+) with%-ticket$')
  if closed then redis.call('HSET', KEYS[1], recall_field, closed) end
elseif fact == 'noted' then
  note(doc.note)
elseif fact == 'looked' then
  count(doc.there, doc.deleted)
end

if nonce then
  redis.call('ZREM', KEYS[2], nonce)
  -- A probe that comes back without a copy lets another write go first, at once: its 15 s are for a prober that never
  -- comes back. Otherwise one bad target would hold up all others for longer than its write.
  if redis.call('HGET', KEYS[3], 'probe') == nonce then redis.call('HDEL', KEYS[3], 'probe', 'probe_until') end
end
if fact == 'created' or fact == 'refused' or fact == 'answered' or fact == 'changed' then
  -- It comes back at once if it has more to write, so it keeps its place in line.
  if redis.call('EXISTS', KEYS[8]) == 1 then
    stand_in_line(line_of(string.sub(KEYS[8], #(ns .. 'turns:') + 1), request, doc.turn), now + doc.returns_ms - doc.late_ms, 90 * doc.late_ms)
  end
  -- An answer opens a gate that is half-open, but not a closed one: a late answer to a write of before the limit says
  -- nothing of the time after it, and must not send the whole fleet against a closed gate.
  local till = redis.call('HGET', KEYS[3], 'until')
  if till and tonumber(till) <= now then redis.call('DEL', KEYS[3]) end
  redis.call('DEL', KEYS[4])
elseif fact == 'unanswered' then
  -- Two targets without an answer and no success between: the targets are not the cause. The gate is the circuit breaker.
  redis.call('SADD', KEYS[4], doc.target)
  redis.call('PEXPIRE', KEYS[4], 40 * doc.faults_ms)
  if redis.call('SCARD', KEYS[4]) >= 2 then
    redis.call('DEL', KEYS[4])
    close_gate(KEYS[3], now, doc.faults_ms, WORDS.unanswered)
  end
end
-- A look is not progress: a delivery that kills its worker right after each look is still poison.
if fact ~= 'looked' then redis.call('HSET', KEYS[5], 'progress_entry', doc.entry, 'progress_count', doc.count) end
-- Where this memory has lost the migration or let it expire, a fact alone must not stay for ever.
if not is_known then redis.call('PEXPIRE', KEYS[5], doc.retention_ms) end
keep_ledger(doc.target, doc.retention_ms)
return stray
