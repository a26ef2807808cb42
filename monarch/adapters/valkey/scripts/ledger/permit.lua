#!lua
-- May this delivery write now? If so, the intent is on record and the budget taken before this script answers.
--
-- KEYS  1 migrations (stream)  2 target:<id>  3 ledger:<id>  4 gate:<account>  5 gate:<token>
--       6 budget:<account> (sorted set)  7 slots:<account> (sorted set)  8 request:<id> (hash)
--       9 learned:<account> (hash)  10 points:<account> (hash)  11 primary:<account> (hash)
--       12 turns:<account> (sorted set)  13 asks:<account> (sorted set)
-- ARGV  1 prefix  2 document (JSON)
--
-- The document; an absent field is nil:
--   consumer entry count migration  the delivery that asks      turn   its name in line
--   ticket     whose copy is to be created; absent for a write that makes no issue
--   epoch      that of the caller's look      seen  what this worker has seen of the memory, '' for nothing
--   reconciled nonce of the intent that the caller has reconciled, or #<number> of the copy that it is to make again
--   nonce      of the new intent      life_ms  how long the permission is good
--   pending change   of a write that changes a copy: the field of the ledger, and the change, such as `close #12`
-- and, the same for every write of a worker:
--   per_minute per_hour interval_ms at_once points   the ceilings; 0 is none
--   minute_ms hour_ms margin_ms   the windows, and the margin added to each
--   slot_ms    life of a write in hand's slot      poll_ms  between two attempts to get a slot
--   late_ms    how long the line waits for a late member
--   in_place_ms in_turn_ms        how long a wait may be that keeps its place, and that of the first ones in line
--   kept_back  calls that are left to those who read back      longest_life_ms  of any permission
--
-- Gives {'lost'} | {'quiet', ms} | {'created', number} | {'reconcile', intended ms, nonce} | {'gate', ms, cause}
--       | {'wait', ms, review, 1 where the caller waits in place, 0 where it gives its place to others} | {'granted', now ms, review, what the memory shows} | {'cancelled', by whom}; review is 1 where what was learned of
--       the limits is due for a review.
--
-- Atomic: compare-and-set of the ledger under the fence, the lock, the epoch, the gate and the budget, all of one
-- moment. Why no ticket is copied twice: this script grants a write only over an empty field, over a refusal (GitHub
-- answered that it made nothing), or over the very intent that the caller has reconciled by a look of this epoch, under
-- the target's lock; and it turns the field into an intent before the write may leave. A copy on record is overwritten
-- only if the caller names its very number: a person asked for that, and a look showed the copy to be deleted. A write
-- that makes no issue may be done twice, so the ledger keeps nothing of it; all other conditions apply to it, too. A
-- change of a copy (closing it, opening it) is on record as pending until its outcome is known: a late old write must
-- not land after a newer one, so a caller that meets it waits as for a copy. Either intent names the end of the
-- permission's life, the latest moment at which the bytes can leave: a caller that waits for it to settle counts from
-- there (core/timing.py). What stays possible (docs/protocols.md, "The three windows"): the caller may be frozen
-- between this answer and the bytes.
-- Not `allow-oom`: when memory is out, no new write begins.
local account = string.sub(KEYS[9], #(ns .. 'learned:') + 1)
local ask = cjson.decode(ARGV[2])

-- This comes first: a memory that went back may know neither delivery nor lock, and that must still be noticed.
local now = now_ms()
local id, quiet = epoch(now, ask.seen)
if not still_holds(KEYS[1], ask.consumer, ask.entry, ask.count) then return {'lost'} end
local holder = ask.consumer .. ' ' .. ask.entry .. ' ' .. ask.count .. ' ' .. ask.migration
if redis.call('GET', KEYS[2]) ~= holder then return {'lost'} end
local by = redis.call('HGET', KEYS[8], 'cancelled_by')
if by then return {'cancelled', by} end

if id ~= ask.epoch then return {'quiet', quiet} end

local record = ask.ticket and redis.call('HGET', KEYS[3], ask.ticket)
if record then
  local number = string.match(record, '^created #(%d+)')
  if number and ask.reconciled ~= '#' .. number then return {'created', tonumber(number)} end
  local at, before = intent_in(record)
  if at and before ~= ask.reconciled then return {'reconcile', math.min(tonumber(at), now + ask.longest_life_ms), before} end
  -- Newer code or a person wrote this record: unknown is not absent.
  if not number and not at and not string.match(record, '^refused %d+ %d+') then
    return redis.error_reply('UNREADABLE the ledger says of ticket ' .. ask.ticket .. ': ' .. record)
  end
end

local pending = ask.pending and redis.call('HGET', KEYS[3], ask.pending)
if pending then
  local at, before = string.match(pending, '^%l+ #%d+ until (%d+) (%S+)$')
  if not at then return redis.error_reply('UNREADABLE the ledger says in ' .. ask.pending .. ': ' .. pending) end
  if before ~= ask.reconciled then return {'reconcile', math.min(tonumber(at), now + ask.longest_life_ms), before} end
end

for i = 4, 5 do
  local wait, cause = gate_wait(KEYS[i], now)
  if wait > 0 then return {'gate', wait, cause} end
end
-- The limit on calls of any kind: the last ones are kept for workers that have written already and read it back.
local remaining, resets_in = redis.call('HGET', KEYS[11], 'remaining'), ms_until(KEYS[11], 'reset', now)
if remaining and tonumber(remaining) <= ask.kept_back and resets_in > 0 then
  return {'gate', resets_in, "GitHub's limit on calls an hour is used up"}
end
local learned = redis.call('HMGET', KEYS[9], 'minute', 'hour', 'review', 'sent')
local review = learned[3] and tonumber(learned[3]) <= now and 1 or 0
-- Half-open: one probe goes first. Its right is a lease, so that a dead prober does not block the others for good.
local half_open = redis.call('HMGET', KEYS[4], 'until', 'probe_until')
local wait, scarce = 0, false
local probed_for = half_open[1] and half_open[2] and tonumber(half_open[2]) - now or 0
if probed_for > 0 and probed_for <= ask.slot_ms then wait, scarce = math.ceil(ask.minute_ms / 60), true end

-- The budget: sliding windows, so their oldest writes say when there is room again. A learned limit counts where it is
-- lower than the one that is set. Writes are kept for two hours, because limits are learned from what was accepted.
redis.call('ZREMRANGEBYSCORE', KEYS[6], '-inf', int(now - 2 * ask.hour_ms))
redis.call('ZREMRANGEBYSCORE', KEYS[7], '-inf', int(now))
none_later(KEYS[6], now)
none_later(KEYS[7], now + ask.slot_ms)
local function room(span, ceiling, known)
  known = tonumber(known) or 0
  if known > 0 and (ceiling == 0 or known < ceiling) then ceiling = known end
  if ceiling == 0 then return end
  scarce = true
  local recent = redis.call('ZCOUNT', KEYS[6], '(' .. int(now - span), '+inf')
  if recent < ceiling then return end
  local blocking = redis.call('ZRANGE', KEYS[6], -ceiling, -ceiling, 'WITHSCORES')
  wait = math.max(wait, tonumber(blocking[2]) + span - now)
end
local minute = ask.minute_ms + ask.margin_ms
room(minute, ask.per_minute, learned[1])
room(ask.hour_ms + ask.margin_ms, ask.per_hour, learned[2])
-- A write that came to nothing has left the windows, but the interval after it is kept all the same.
local sent = tonumber(learned[4]) or 0
if sent > now then
  -- The clock went back.
  sent = now
  redis.call('HSET', KEYS[9], 'sent', int(now))
end
if ask.interval_ms > 0 then wait = math.max(wait, sent + ask.interval_ms - now) end
if ask.at_once > 0 and redis.call('ZCARD', KEYS[7]) >= ask.at_once then wait = math.max(wait, ask.poll_ms) end
wait = math.max(wait, points_wait(KEYS[10], now, minute, ask.points, WRITE_POINTS))

-- The line: where a budget is scarce, the cohort whose turn it is writes, and within it the oldest member that is due (core/budget/line.py).
local in_place, line = true, line_of(account, string.match(ask.migration, '^[^:]*'), ask.turn)
if scarce or ask.interval_ms > 0 or ask.at_once > 0 or ask.points > 0 then
  join_shares(line, 2 * ask.in_turn_ms)
  local ahead, own, held = place_in_line(line, now, ask.late_ms)
  if held then wait = math.max(wait, ask.poll_ms) end
  if wait > 0 and ahead >= 2 then wait = wait + ask.poll_ms * math.min(ahead - 1, 10) end
  in_place = wait <= (ahead < 2 and ask.in_turn_ms or ask.in_place_ms)
  if wait > 0 and in_place and gives_place(line, own) then in_place = false end
  if wait > 0 and in_place then
    stand_in_line(line, now + wait, 2 * ask.in_turn_ms)
  else
    leave_line(line)
  end
  if wait <= 0 then charge(line) end
end
if wait > 0 then return {'wait', math.ceil(wait), review, in_place and 1 or 0} end

spend_points(KEYS[10], now, minute, ask.points, WRITE_POINTS)
redis.call('ZADD', KEYS[6], int(now), ask.nonce)
redis.call('PEXPIRE', KEYS[6], 2 * ask.hour_ms)
redis.call('ZADD', KEYS[7], int(now + ask.slot_ms), ask.nonce)
redis.call('PEXPIRE', KEYS[7], ask.slot_ms)
redis.call('HSET', KEYS[9], 'sent', int(now))
used(account, now)
if half_open[1] then redis.call('HSET', KEYS[4], 'probe', ask.nonce, 'probe_until', int(now + ask.slot_ms)) end
local intent = ' until ' .. int(now + ask.life_ms) .. ' ' .. ask.nonce
if ask.ticket then redis.call('HSET', KEYS[3], ask.ticket, 'intended' .. intent) end
if ask.pending then redis.call('HSET', KEYS[3], ask.pending, ask.change .. intent) end
if ask.ticket or ask.pending then redis.call('PERSIST', KEYS[3]) end
know_one_more(ask.nonce)
return {'granted', now, review, shown_memory()}
