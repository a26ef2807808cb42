#!lua
-- May this delivery write now? If so, the intent is on record and the budget taken before it is told.
--
-- KEYS  1 migrations (stream)  2 target:<id>  3 ledger:<id>  4 gate:<account>  5 gate:<token>
--       6 budget:<account> (sorted set)  7 slots:<account> (sorted set)  8 request:<id> (hash)
--       9 learned:<account> (hash)  10 points:<account> (hash)  11 primary:<account> (hash)
--       12 turns:<account> (sorted set)  13 asks:<account> (sorted set)
-- ARGV  1 prefix  2 consumer  3 entry  4 count  5 migration id  6 ticket id, '' for a write that makes no issue
--       7 epoch of the caller's look  8 nonce of the intent that the caller reconciled, #<number> of the copy that it was
--       told to make again, or ''  9 nonce of the new intent
--       10 writes a minute  11 writes an hour  12 interval, ms  13 writes at once  14 points a minute (0 = none, each)
--       15 a minute  16 an hour  17 margin of both windows  18 a slot  19 between two asking for one (each in ms)
--       20 calls that are kept back  21 the life of the permission, ms  22 the longest life that there is, ms
--       23 what this worker has seen of the memory  24 the caller's name in line  25 how long one in line is waited for
--       26 how long a wait may be that keeps its place  27 the same for the first ones in line (each in ms)
--       28 field of the ledger for a change of a copy that is there, '' for none  29 the change, such as `close #12`
-- Gives {'lost'} | {'quiet', ms} | {'created', number} | {'reconcile', intended ms, nonce} | {'gate', ms, cause}
--       | {'wait', ms, review, 1 where it is waited in place, 0 where the caller gives its place to others} | {'granted', now ms, review, what the memory shows} | {'cancelled', by whom}; review is 1 where what was learned of
--       the limits is due to be looked at again.
--
-- Atomic: compare-and-set of the ledger under the fence, the lock, the epoch, the gate and the budget, all of one
-- moment. Why no ticket is copied twice by it: a write is granted only over an empty field, over a refusal (GitHub
-- answered that it made nothing), or over the very intent that the caller has reconciled by a look of this epoch, under
-- the target's lock; and it turns the field into an intent before anybody may write. A copy on record is written over only by who names its very number: a person asked
-- for it, and a look showed it to be deleted. A write that makes no issue may be done twice, so the ledger keeps nothing
-- of it; all else counts for it, too. A change of a copy (closing it, opening it) is on record as pending while nobody has
-- answered for it: a late old write must not come over a newer one, so whoever meets it waits as for a copy. Either
-- intent names the end of the permission's life, the latest moment at which the bytes can leave: whoever waits for it to
-- settle counts from there (core/timing.py). What stays possible (docs/protocols.md, "The three windows"): the caller may
-- be frozen between this answer and the bytes.
-- Not `allow-oom`: when memory is out, no new write begins.
local account = string.sub(KEYS[9], #(ns .. 'learned:') + 1)
local consumer, entry, count, migration = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local ticket, reconciled, nonce = ARGV[6], ARGV[8], ARGV[9]
local interval, at_once, points = tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[14])
local minute, hour, margin, slot = tonumber(ARGV[15]), tonumber(ARGV[16]), tonumber(ARGV[17]), tonumber(ARGV[18])

-- First of all: a memory that went back may know neither delivery nor lock, and that must be noticed all the same.
local now = now_ms()
local id, quiet = epoch(now, ARGV[23])
if not still_holds(KEYS[1], consumer, entry, count) then return {'lost'} end
if redis.call('GET', KEYS[2]) ~= consumer .. ' ' .. entry .. ' ' .. count .. ' ' .. migration then return {'lost'} end
local by = redis.call('HGET', KEYS[8], 'cancelled_by')
if by then return {'cancelled', by} end

if id ~= ARGV[7] then return {'quiet', quiet} end

local record = ticket ~= '' and redis.call('HGET', KEYS[3], ticket)
if record then
  local number = string.match(record, '^created #(%d+)')
  if number and reconciled ~= '#' .. number then return {'created', tonumber(number)} end
  local at, before = intent_in(record)
  if at and before ~= reconciled then return {'reconcile', math.min(tonumber(at), now + tonumber(ARGV[22])), before} end
  -- Newer code's, or a person's: not known is not absent.
  if not number and not at and not string.match(record, '^refused %d+ %d+') then
    return redis.error_reply('UNREADABLE the ledger says of ticket ' .. ticket .. ': ' .. record)
  end
end

local pending = ARGV[28] ~= '' and redis.call('HGET', KEYS[3], ARGV[28])
if pending then
  local at, before = string.match(pending, '^%l+ #%d+ until (%d+) (%S+)$')
  if not at then return redis.error_reply('UNREADABLE the ledger says in ' .. ARGV[28] .. ': ' .. pending) end
  if before ~= reconciled then return {'reconcile', math.min(tonumber(at), now + tonumber(ARGV[22])), before} end
end

for i = 4, 5 do
  local wait, cause = gate_wait(KEYS[i], now)
  if wait > 0 then return {'gate', wait, cause} end
end
-- The limit on calls of any kind: the last ones are for those who have written already and read it back.
local remaining, resets_in = redis.call('HGET', KEYS[11], 'remaining'), ms_until(KEYS[11], 'reset', now)
if remaining and tonumber(remaining) <= tonumber(ARGV[20]) and resets_in > 0 then
  return {'gate', resets_in, "GitHub's limit on calls an hour is used up"}
end
local learned = redis.call('HMGET', KEYS[9], 'minute', 'hour', 'review', 'sent')
local review = learned[3] and tonumber(learned[3]) <= now and 1 or 0
-- Half-open: one probe goes first. Its right is a lease, so that a dead prober blocks nobody.
local half_open = redis.call('HMGET', KEYS[4], 'until', 'probe_until')
local wait, scarce = 0, false
local probed_for = half_open[1] and half_open[2] and tonumber(half_open[2]) - now or 0
if probed_for > 0 and probed_for <= slot then wait, scarce = math.ceil(minute / 60), true end

-- The budget: windows that slide, so their oldest writes say when there is room again. What was learned of the limits
-- counts where it is less than what is set. Writes are kept for two hours: what was accepted is how one learns.
redis.call('ZREMRANGEBYSCORE', KEYS[6], '-inf', int(now - 2 * hour))
redis.call('ZREMRANGEBYSCORE', KEYS[7], '-inf', int(now))
none_later(KEYS[6], now)
none_later(KEYS[7], now + slot)
local function room(span, set, known)
  local ceiling = tonumber(set)
  known = tonumber(known) or 0
  if known > 0 and (ceiling == 0 or known < ceiling) then ceiling = known end
  if ceiling == 0 then return end
  scarce = true
  local recent = redis.call('ZCOUNT', KEYS[6], '(' .. int(now - span), '+inf')
  if recent < ceiling then return end
  local blocking = redis.call('ZRANGE', KEYS[6], -ceiling, -ceiling, 'WITHSCORES')
  wait = math.max(wait, tonumber(blocking[2]) + span - now)
end
room(minute + margin, ARGV[10], learned[1])
room(hour + margin, ARGV[11], learned[2])
-- What came to nothing has left the windows, and keeps its distance all the same.
local sent = tonumber(learned[4]) or 0
if sent > now then
  -- The clock went back.
  sent = now
  redis.call('HSET', KEYS[9], 'sent', int(now))
end
if interval > 0 then wait = math.max(wait, sent + interval - now) end
if at_once > 0 and redis.call('ZCARD', KEYS[7]) >= at_once then wait = math.max(wait, tonumber(ARGV[19])) end
wait = math.max(wait, points_wait(KEYS[10], now, minute + margin, points, WRITE_POINTS))

-- The line: where a budget is scarce, a write goes to the cohort whose turn it is, and within it to the oldest who is due (core/budget/turns.py).
local in_place, line = true, line_of(account, string.match(migration, '^[^:]*'), ARGV[24])
if scarce or interval > 0 or at_once > 0 or points > 0 then
  local poll, late, in_turn = tonumber(ARGV[19]), tonumber(ARGV[25]), tonumber(ARGV[27])
  join_shares(line, 2 * in_turn)
  local ahead, own, held = place_in_line(line, now, late)
  if held then wait = math.max(wait, poll) end
  if wait > 0 and ahead >= 2 then wait = wait + poll * math.min(ahead - 1, 10) end
  in_place = wait <= (ahead < 2 and in_turn or tonumber(ARGV[26]))
  if wait > 0 and in_place and gives_place(line, own) then in_place = false end
  if wait > 0 and in_place then
    stand_in_line(line, now + wait, 2 * in_turn)
  else
    leave_line(line)
  end
  if wait <= 0 then charge(line) end
end
if wait > 0 then return {'wait', math.ceil(wait), review, in_place and 1 or 0} end

spend_points(KEYS[10], now, minute + margin, points, WRITE_POINTS)
redis.call('ZADD', KEYS[6], int(now), nonce)
redis.call('PEXPIRE', KEYS[6], 2 * hour)
redis.call('ZADD', KEYS[7], int(now + slot), nonce)
redis.call('PEXPIRE', KEYS[7], slot)
redis.call('HSET', KEYS[9], 'sent', int(now))
used(account, now)
if half_open[1] then redis.call('HSET', KEYS[4], 'probe', nonce, 'probe_until', int(now + slot)) end
if ticket ~= '' then
  redis.call('HSET', KEYS[3], ticket, 'intended until ' .. int(now + tonumber(ARGV[21])) .. ' ' .. nonce)
  redis.call('PERSIST', KEYS[3])
end
if ARGV[28] ~= '' then
  redis.call('HSET', KEYS[3], ARGV[28], ARGV[29] .. ' until ' .. int(now + tonumber(ARGV[21])) .. ' ' .. nonce)
  redis.call('PERSIST', KEYS[3])
end
know_one_more(nonce)
return {'granted', now, review, shown_memory()}
