-- Goes before the body of every script: Valkey scripts cannot include one another.
--
-- ARGV[1] is always the prefix of the installation's keys, `{namespace}:`; names of keys that depend on data
-- (a migration's hash, a request's set) are derived from it by the rules of the catalogue in keys.py. All
-- share one hash tag, so they live in the slot of the keys that the script receives.

local ns = ARGV[1]
local GROUP = 'workers'
local VERSION = '1'
local ACT_VERSION = '2'
local EVENTS_KEPT = 10000

-- The server's clock, in ms. A worker's clock is never asked.
local function now_ms()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

local function int(n) return string.format('%.0f', n) end

-- The same, as `INFO server` reports it.
local function clock_in(info)
  local micros = string.match(info, 'server_time_usec:(%d+)')
  return micros and math.floor(tonumber(micros) / 1000) or now_ms()
end

-- One line of the log for people: event('migration.done', 'request', id, ...).
-- Events are for people alone: where something else stands in their key, the work goes on without them.
local function event(name, ...)
  local told = redis.pcall('XADD', ns .. 'events', 'MAXLEN', '~', EVENTS_KEPT, '*', 'event', name, ...)
  if type(told) == 'table' and told.err and not string.find(told.err, 'WRONGTYPE', 1, true) then error(told.err) end
end

-- The fence. Whether this consumer still holds this entry at this delivery count. Valkey raises the count
-- whenever it hands the entry to any consumer, so an older holder fails here for ever. Where the stream or the group
-- is gone, no consumer holds anything.
local function holds(stream, consumer, entry, count)
  local found = redis.pcall('XPENDING', stream, GROUP, entry, entry, 1, consumer)
  if found.err then
    if string.find(found.err, 'NOGROUP', 1, true) or string.find(found.err, 'WRONGTYPE', 1, true) then return false end
    error(found.err)
  end
  return #found == 1 and tonumber(found[1][4]) == tonumber(count)
end

-- The fence, for a worker in the middle of a delivery. A worker that has lost the delivery and still asks has outlived
-- it: the delivery ended without a death, so it does not count towards the entry being poison. Kept for a day.
local function still_holds(stream, consumer, entry, count)
  if holds(stream, consumer, entry, count) then return true end
  local found = redis.pcall('XPENDING', stream, GROUP, entry, entry, 1)
  if not found.err and #found == 1 then
    local key = ns .. 'outlived:' .. string.sub(stream, #ns + 1) .. ':' .. entry
    redis.call('SADD', key, count)
    redis.call('PEXPIRE', key, 86400000)
  end
  return false
end

-- Hand the entry to a consumer that no worker has, idle long enough to be claimed at once, with this delivery uncounted.
-- Claiming it for the caller itself would leave the old fence valid.
local function hand_back(stream, entry, count, idle)
  redis.call('XCLAIM', stream, GROUP, 'released', 0, entry, 'IDLE', idle or 86400000, 'RETRYCOUNT', math.max(0, count - 1), 'JUSTID')
end

-- The codes of messages that can never be replayed with success, whatever people change, because the message itself is
-- wrong. JUNK_BYTES bounds what is kept of each, JUNK_KEPT (settle.lua) how many letters: otherwise any publisher could
-- fill the memory with junk.
local JUNK = {message_too_large = true, message_not_json = true, message_not_an_object = true, message_missing_key = true,
  message_wrong_type = true, bad_source = true, no_targets = true, too_many_targets = true,
  bad_not_before = true, bad_milestones = true}
local JUNK_BYTES = 4096

-- A whole number for people: 120,000.
local function thousands(n)
  local text, again = int(n), 1
  while again > 0 do text, again = string.gsub(text, '^(%d+)(%d%d%d)', '%1,%2') end
  return text
end

-- Write a dead letter: what is given up, and why. Returns its id.
-- `mark`, if there is one, says that what is kept as its payload is not its message (`no_payload`).
local function bury(stream, entry, request, migration, payload, code, reason, attempts, deliveries, mark)
  local fields = {'v', VERSION, 'stream', stream, 'entry', entry, 'request', request, 'migration', migration, 'code', code,
    'attempts', attempts, 'deliveries', deliveries, 'at', int(now_ms())}
  if mark then
    fields[#fields + 1] = mark
    fields[#fields + 1] = '1'
  end
  if JUNK[code] and #payload > JUNK_BYTES then
    reason = reason .. string.format(WORDS.cut, thousands(#payload), thousands(JUNK_BYTES))
    payload = string.sub(payload, 1, JUNK_BYTES)
    fields[#fields + 1] = 'cut'
    fields[#fields + 1] = '1'
  end
  return redis.call('XADD', ns .. 'dead', '*', 'payload', payload, 'reason', reason, unpack(fields))
end

-- HGETALL as a table.
local function hash(key)
  local flat, fields = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end

-- The lines of a field, such as a request's targets: a refused one is kept as it was spelled, spaces and all.
local function lines(text) return string.gmatch(text or '', '[^\n]+') end

-- The states in which nothing more happens to a request unless a person replays it.
local ENDED = {done = true, failed = true, skipped = true, dead = true, cancelled = true}

-- When a request became due, in ms: when it came, or on the date that it names.
local function began_ms(request)
  local came = tonumber(string.match(request, '^%d+') or 0)
  return math.max(came, tonumber(redis.call('HGET', ns .. 'request:' .. request, 'not_before_ms') or 0))
end

-- A request is open until it has ended and its channel, if it has one, has heard so. The audit looks through the open
-- requests. The age of the oldest one is watched, and a request that waits for its date is not old.
local function open(request) redis.call('ZADD', ns .. 'open', int(began_ms(request)), request) end

local function close_unless_told_later(request)
  if (redis.call('HGET', ns .. 'request:' .. request, 'channel') or '') == '' then redis.call('ZREM', ns .. 'open', request) end
end

-- A target's ledger is needed by each migration that has taken the target and has not ended for good. While there is one
-- the ledger stays, even if other requests of that target have ended; otherwise a replay would make a copy again that
-- people have deleted. `latest` is the migration that took the target last.
local function keep_ledger(target_id, retention_ms)
  local key = ns .. 'ledger:' .. target_id
  if redis.call('EXISTS', ns .. 'needs:' .. target_id) == 1 then redis.call('PERSIST', key)
  else redis.call('PEXPIRE', key, retention_ms) end
end

local function need_ledger(target_id, migration, retention_ms)
  redis.call('SET', ns .. 'latest:' .. target_id, migration, 'PX', retention_ms)
  -- A request that is not on record never ends, so it must not keep the ledger for ever.
  if redis.call('EXISTS', ns .. 'request:' .. string.match(migration, '^[^:]*')) == 0 then return end
  redis.call('SADD', ns .. 'needs:' .. target_id, migration)
  redis.call('PERSIST', ns .. 'ledger:' .. target_id)
end

-- The group whose share a write of this request uses: its cohort, or `!` where a person has put it first. A cohort's id
-- is padded, so that text sorts by age.
local FIRST = '!'

local function padded(id)
  local ms, seq = string.match(id, '^(%d+)%-?(%d*)$')
  return string.rep('0', 15 - #(ms or '')) .. (ms or '') .. '-' .. string.rep('0', 6 - #(seq or '')) .. (seq or '')
end

local function group_of(request)
  local known = redis.pcall('HMGET', ns .. 'request:' .. request, 'card', 'first_by')
  if known.err then return padded(request) end
  return known[2] and FIRST or padded(known[1] or request)
end

-- An entry of this request goes into the stream of migrations, so its cohort may wait for a place (_turns.lua).
local function knock(request)
  local group = group_of(request)
  redis.call('ZADD', ns .. 'knocks', int(now_ms()), group)
  redis.call('HSET', ns .. 'knockers', group, request)
end

local function knocks_no_more(group)
  redis.call('ZREM', ns .. 'knocks', group)
  redis.call('HDEL', ns .. 'knockers', group)
end

-- The name of a parked entry, as `park_member` in settlement.py makes it.
local function parked_member(request, stream, order, target)
  local name = padded(request) .. ':' .. stream
  return target and name .. ':' .. string.rep('0', 4 - #order) .. order .. ':' .. target or name
end

-- Put a migration into its stream, from its record; false where there is none. A migration that heals goes on healing,
-- whichever script puts it back.
local function queue_migration(request, migration)
  local key = ns .. 'migration:' .. migration
  local known = redis.call('HMGET', key, 'target', 'order', 'run', 'attempts', 'heal', 'act', 'heal_v', 'bases')
  if not known[1] then return false end
  local fields = {'v', VERSION, 'request', request, 'target', known[1], 'order', known[2] or '0', 'run', known[3] or '1',
    'attempts', known[4] or '0'}
  -- Older code knows no acts, and would take such an entry for a copy: a higher version makes it hand the entry back.
  if known[6] then
    fields[2] = ACT_VERSION
    fields[#fields + 1] = 'act'
    fields[#fields + 1] = known[6]
    if known[8] then
      fields[#fields + 1] = 'bases'
      fields[#fields + 1] = known[8]
    end
  end
  if known[7] then fields[2] = known[7] end
  if known[5] then
    fields[#fields + 1] = 'heal'
    fields[#fields + 1] = known[5]
  end
  redis.call('HSET', key, 'state', 'queued', 'entry', redis.call('XADD', ns .. 'migrations', '*', unpack(fields)))
  knock(request)
  return true
end

-- The content of a parked entry; nil where it cannot be read.
local STREAMS = {requests = true, migrations = true, notices = true}

local function unpacked(packed)
  local ok, parked = pcall(cjson.decode, packed)
  if not ok or type(parked) ~= 'table' or not STREAMS[parked.stream] or type(parked.fields) ~= 'table' then return nil end
  if #parked.fields == 0 or #parked.fields % 2 ~= 0 then return nil end
  for _, field in ipairs(parked.fields) do
    if type(field) ~= 'string' then return nil end
  end
  return parked
end

-- Put a parked entry back into its stream. False where it is not parked (any more).
-- An unreadable entry is buried, so that it does not keep the others from their turn.
-- Notes that belong to it are written where possible; the worker that takes it finds keys of a wrong type.
local function promote(member)
  local packed = redis.call('HGET', ns .. 'parked:entries', member)
  redis.call('ZREM', ns .. 'parked', member)
  redis.call('HDEL', ns .. 'parked:entries', member)
  if not packed then return false end
  local parked = unpacked(packed)
  if not parked then
    bury('parked', member, '', '', packed, 'entry_unreadable', WORDS.parked_unreadable, '0', '0')
    event('parked.dead', 'member', member, 'code', 'entry_unreadable')
    return false
  end
  local entry = redis.call('XADD', ns .. parked.stream, '*', unpack(parked.fields))
  if parked.waits_for then redis.pcall('ZREM', ns .. 'waiting:' .. tostring(parked.waits_for), member) end
  -- The place of each piece of work is on record, so that the audit notices when it was removed from there.
  if parked.migration then
    if parked.request then knock(tostring(parked.request)) end
    redis.pcall('HSET', ns .. 'migration:' .. tostring(parked.migration), 'state', 'queued', 'entry', entry)
  elseif parked.card then
    if redis.call('EXISTS', ns .. 'card:' .. tostring(parked.card)) == 1 then
      redis.pcall('HSET', ns .. 'card:' .. tostring(parked.card), 'notice_entry', entry)
    end
  elseif parked.request and redis.call('EXISTS', ns .. 'request:' .. tostring(parked.request)) == 1 then
    redis.pcall('HSET', ns .. 'request:' .. tostring(parked.request), parked.stream == 'notices' and 'notice_entry' or 'entry', entry)
  end
  return true
end

-- Put every parked piece of a request back into its stream. Gives how many there were, and how many of its targets are left.
local function promote_all(request)
  local pieces = promote(parked_member(request, 'requests')) and 1 or 0
  local left = redis.call('SMEMBERS', ns .. 'unsettled:' .. request)
  for _, migration in ipairs(left) do
    local named = redis.call('HMGET', ns .. 'migration:' .. migration, 'order', 'target')
    if named[2] and promote(parked_member(request, 'migrations', named[1] or '0', named[2])) then pieces = pieces + 1 end
  end
  return pieces, #left
end

-- The epoch: one unbroken memory, and the argument why a memory that went back is noticed.
--
-- A hash: the server's `run_id` and `replid` (its replication id), `id`, `since` (when it began), `quiet_until`, `count`
-- (writes permitted in it), `mark:<n>`: the nonces of the last MARKS_KEPT permits, by count, `is_first` where it was
-- opened without a quiet time (`_opening.lua`), and for people `lost`: when a memory was last found empty, or to know less.
-- A new epoch begins where
--   * nothing is on record: the server was emptied, or came back empty;
--   * the run id differs: it was started anew, maybe from an older file;
--   * the replication id differs: it was promoted. A failover and back (A, B, A) changes it twice, and so does a restore
--     by REPLICAOF, while both leave the run id as it was;
--   * it knows less than a worker has seen: a reverted snapshot changes no id at all.
-- It begins with a quiet time, because an earlier write that this memory does not know may be under way.
--
-- Knowing less. Every permit raises `count` and leaves its nonce as the mark of that count, in the same script that
-- records the intent. So a memory that lost an intent lost its count, too. Each worker keeps the newest
-- `since count mark` that an answer has shown it, and shows it with each `take`, `permit` and `sweep`; so every live
-- worker has shown its own within a sweep. A server that shows a worker something knows it from then on, or has
-- forgotten: `since` and `count` never fall. So what a worker shows is, on an unbroken memory,
--   * of an older `since`: the worker has not heard of the newer epoch yet. That changes nothing: epochs do not flap,
--     however many stale workers there are. Only for the very first epoch of a server it proves that there was a memory
--     before it, so the server came back empty: that epoch ends;
--   * of this `since` and at most this `count`, and where that mark is still kept, it is the same. Another mark under
--     the same count means a memory that went back and has permitted other writes since.
-- Anything else can only come from a memory that is gone. The new epoch's `since` is later than everything on
-- record and everything shown, whatever the clock says, so each loss makes one epoch, not one for each worker.
--
-- What can still go wrong: a memory that goes back while the only worker that had seen the lost permit dies, with its
-- write under way; and what another worker is permitted between the loss and the next sweep, within 3 s.
-- A false alarm costs 25 s: Valkey also changes its replication id when a first replica comes, and an hour after the
-- last one has gone.
local MARKS_KEPT = 64

local function mark_of(count) return redis.call('HGET', ns .. 'epoch', 'mark:' .. int(count % MARKS_KEPT)) or '-' end

-- What this memory shows to a worker: `since count mark`. `read` is what `epoch` gave in this same call, if the epoch has
-- not changed since: an idle worker does little but sweep, so each command of a sweep counts.
local function shown_memory(read)
  if read and read.is_whole then return read.since .. ' ' .. int(read.count) .. ' ' .. read.mark end
  local known = redis.call('HMGET', ns .. 'epoch', 'since', 'count')
  local count = tonumber(known[2] or 0)
  return (known[1] or '0') .. ' ' .. int(count) .. ' ' .. mark_of(count)
end

-- Count one more permitted write in this memory, by its nonce.
local function know_one_more(nonce)
  local count = redis.call('HINCRBY', ns .. 'epoch', 'count', 1)
  redis.call('HSET', ns .. 'epoch', 'mark:' .. int(count % MARKS_KEPT), nonce)
end

local function knows_less(seen_since, seen_count, seen_mark, since, count, its_mark)
  if seen_since ~= since then return seen_since > since or redis.call('HEXISTS', ns .. 'epoch', 'is_first') == 1 end
  if seen_count > count then return true end
  return seen_count > math.max(0, count - MARKS_KEPT) and its_mark ~= seen_mark
end

-- Returns the epoch's id, the ms of quiet that are left, and what was read of it: nil where a new one began, else a table of
-- `clock`, `since`, `count`, and the `mark` of that count where `is_whole`: one that the caller has seen is read with the rest.
-- `seen` is what the caller shows, '' for nothing. A caller that gives no `now` gets the time as the last value, from INFO.
local function epoch(given, seen)
  local key, info = ns .. 'epoch', redis.call('INFO', 'server', 'replication')
  local now = given or clock_in(info)
  local run_id, replid = string.match(info, 'run_id:(%w+)'), string.match(info, 'master_replid:(%w+)')
  local seen_since, seen_count, seen_mark = string.match(seen, '^(%d+) (%d+) (%S+)$')
  seen_since, seen_count = tonumber(seen_since or 0), tonumber(seen_count or 0)
  local known = redis.call('HMGET', key, 'run_id', 'replid', 'id', 'quiet_until', 'since', 'count', 'clock',
    'mark:' .. int(seen_count % MARKS_KEPT))
  local since, count, its_mark = tonumber(known[5] or 0), tonumber(known[6] or 0), known[8] or '-'
  local cause
  if not known[3] then cause = WORDS.epoch_first
  elseif known[1] ~= run_id then cause = WORDS.epoch_restarted
  elseif known[2] ~= replid then cause = WORDS.epoch_promoted
  elseif seen_mark and knows_less(seen_since, seen_count, seen_mark, since, count, its_mark) then cause = WORDS.epoch_forgot
  else
    local read = {clock = known[7] or '0', since = known[5] or '0', count = count, mark = its_mark, is_whole = seen_count == count}
    local left = math.max(0, tonumber(known[4] or 0) - now)
    if left <= QUIET_MS then return known[3], left, read, now end
    -- The clock went back.
    redis.call('HSET', key, 'quiet_until', int(now + QUIET_MS))
    return known[3], QUIET_MS, read, now
  end
  since = math.max(now, since + 1, seen_since + 1)
  local id = string.sub(run_id, 1, 8) .. '@' .. int(since)
  redis.call('HSET', key, 'run_id', run_id, 'replid', replid, 'id', id, 'since', int(since), 'count', '0',
    'quiet_until', int(now + QUIET_MS))
  redis.call('HDEL', key, 'is_first')
  if cause == WORDS.epoch_first or cause == WORDS.epoch_forgot then redis.call('HSET', key, 'lost', int(since)) end
  event('epoch.began', 'epoch', id, 'quiet_ms', int(QUIET_MS), 'cause', cause)
  return id, QUIET_MS, nil, now
end

-- The server's clock may go back (a failover to a server whose clock lags). Every due moment would then be further away by
-- as much, so every moment of the future is bounded by how far away it can be at most.

-- Ms until the moment in a field of a hash, which was set for `<field>_for` ms; 0 where it is over or absent.
local function ms_until(key, field, now)
  local set = redis.call('HMGET', key, field, field .. '_for')
  -- What is not a number breaks the script, so that it is reported: unknown is not over.
  local left = math.max(0, set[1] and tonumber(set[1]) - now or 0)
  local most = tonumber(set[2]) or left
  if left <= most then return left end
  redis.call('HSET', key, field, int(now + most))
  return most
end

-- Cap the times in a sorted set: none of them later than `latest`.
local function none_later(key, latest)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. int(latest), '+inf')) do
    redis.call('ZADD', key, int(latest), member)
  end
end

-- Make a lock end after `most` ms at the latest.
local function ends_within(key, most)
  if redis.call('PTTL', key) > tonumber(most) then redis.call('PEXPIRE', key, most) end
end

-- The intent in a ledger's record: the latest moment at which its bytes can have left, in ms, and its nonce; nil if the
-- record is not an intent. Older code wrote the moment of its permission, without the word `until`. It cannot read the
-- word, so it stops at a newer intent: it would not recognise the marker of what that write has made, and would make it again.
local function intent_in(record)
  local at, nonce = string.match(record or '', '^intended until (%d+) (%S+)')
  if at then return at, nonce end
  return string.match(record or '', '^intended (%d+) (%S+)')
end

-- A gate: ms until it opens, and why it is closed; 0 where it is open or half-open.
local function gate_wait(key, now)
  local wait = ms_until(key, 'until', now)
  return wait, redis.call('HGET', key, 'cause') or ''
end

-- Note that an account, or a token with a gate of its own, is in use: people see those. A rotated token leaves when a
-- thousand others came after it.
local function used(account, now)
  redis.call('ZADD', ns .. 'accounts', int(now), account)
  redis.call('ZREMRANGEBYRANK', ns .. 'accounts', 0, -1001)
end

-- A gate that closes again within this many ms after it ran out, without an answer that opened it, counts as closed all along.
local SAME_CLOSING_MS = 300000

-- Close a gate for `wait` ms, but never shorten its wait. `closed_at` stays while it closes again and again: it is for
-- people, and nothing depends on it.
local function close_gate(key, now, wait, cause)
  local known = redis.call('HMGET', key, 'closed_at', 'until')
  local since, ran_out = tonumber(known[1]), tonumber(known[2]) or 0
  if not since or since > now or ran_out + SAME_CLOSING_MS < now then redis.call('HSET', key, 'closed_at', int(now)) end
  local till = now + math.max(ms_until(key, 'until', now), wait)
  redis.call('HSET', key, 'until', int(till), 'until_for', int(till - now), 'cause', cause)
  redis.call('HDEL', key, 'probe', 'probe_until')
  -- A rotated token is never asked about again, so its gate must not stay for ever.
  redis.call('PEXPIRE', key, int(till - now + 86400000))
  used(string.sub(key, #(ns .. 'gate:') + 1), now)
  event('gate.closed', 'cause', cause, 'wait_ms', int(till - now))
  return till - now
end
