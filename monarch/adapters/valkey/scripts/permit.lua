#!lua
-- May this delivery write now? If so, the intent is on record and the budget taken before it is told.
--
-- KEYS  1 migrations (stream)  2 target:<id>  3 ledger:<id>  4 gate:<account>  5 gate:<token>
--       6 budget:<account> (sorted set)  7 slots:<account> (sorted set)  8 request:<id> (hash)
--       9 learned:<account> (hash)
-- ARGV  1 prefix  2 consumer  3 entry  4 count  5 migration id  6 ticket id, '' for a write that makes no issue
--       7 epoch of the caller's look  8 nonce of the intent that the caller reconciled, #<number> of the copy that it was
--       told to make again, or ''  9 nonce of the new intent
--       10 writes a minute  11 writes an hour  12 interval, ms  13 writes at once (0 = none, each)
-- Gives {'lost'} | {'quiet', ms} | {'created', number} | {'reconcile', intended ms, nonce} | {'gate', ms, cause}
--       | {'wait', ms} | {'granted', now ms} | {'cancelled', by whom}
--
-- Atomic: compare-and-set of the ledger under the fence, the lock, the epoch, the gate and the budget, all of one
-- moment. Why no ticket is copied twice by it: a write is granted only over an empty field, or over the very intent
-- that the caller has reconciled by a look of this epoch, under the target's lock; and it turns the field into an
-- intent before anybody may write. A copy on record is written over only by who names its very number: a person asked
-- for it, and a look showed it to be deleted. A write that makes no issue may be done twice, so the ledger keeps nothing
-- of it; all else counts for it, too. What stays possible is stated in the design's promise 2: the caller may be
-- frozen between this answer and the bytes.
-- Not `allow-oom`: when memory is out, no new write begins.
local SLOT_MS = 15000
local consumer, entry, count, migration = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local ticket, reconciled, nonce = ARGV[6], ARGV[8], ARGV[9]
local per_minute, per_hour = tonumber(ARGV[10]), tonumber(ARGV[11])
local interval, at_once = tonumber(ARGV[12]), tonumber(ARGV[13])

if not holds(KEYS[1], consumer, entry, count) then return {'lost'} end
if redis.call('GET', KEYS[2]) ~= consumer .. ' ' .. entry .. ' ' .. count .. ' ' .. migration then return {'lost'} end
local by = redis.call('HGET', KEYS[8], 'cancelled_by')
if by then return {'cancelled', by} end

local now = now_ms()
local id, quiet = epoch(now)
if id ~= ARGV[7] then return {'quiet', quiet} end

local record = ticket ~= '' and redis.call('HGET', KEYS[3], ticket)
if record then
  local number = string.match(record, '^created #(%d+)')
  if number and reconciled ~= '#' .. number then return {'created', tonumber(number)} end
  local at, before = string.match(record, '^intended (%d+) (%S+)')
  if at and before ~= reconciled then return {'reconcile', math.min(tonumber(at), now), before} end
  -- Newer code's, or a person's: not known is not absent.
  if not number and not at and not string.match(record, '^refused %d+ %d+') then
    return redis.error_reply('UNREADABLE the ledger says of ticket ' .. ticket .. ': ' .. record)
  end
end

for i = 4, 5 do
  local wait, cause = gate_wait(KEYS[i], now)
  if wait > 0 then return {'gate', wait, cause} end
end
-- Half-open: one probe goes first. Its right is a lease, so that a dead prober blocks nobody.
local half_open = redis.call('HMGET', KEYS[4], 'until', 'probe_until')
if half_open[1] and half_open[2] and tonumber(half_open[2]) > now then return {'wait', 1000} end

-- The budget: windows that slide, so their oldest writes say when there is room again.
redis.call('ZREMRANGEBYSCORE', KEYS[6], '-inf', now - 3600000)
redis.call('ZREMRANGEBYSCORE', KEYS[7], '-inf', now)
local wait = 0
local function room(span, ceiling)
  if ceiling == 0 then return end
  local recent = redis.call('ZCOUNT', KEYS[6], '(' .. int(now - span), '+inf')
  if recent < ceiling then return end
  local blocking = redis.call('ZRANGE', KEYS[6], -ceiling, -ceiling, 'WITHSCORES')
  wait = math.max(wait, tonumber(blocking[2]) + span - now)
end
room(60000, per_minute)
room(3600000, per_hour)
if interval > 0 then
  -- What came to nothing has left the windows, and keeps its distance all the same.
  local newest = redis.call('HGET', KEYS[9], 'sent_ms')
  if newest then wait = math.max(wait, tonumber(newest) + interval - now) end
end
if at_once > 0 and redis.call('ZCARD', KEYS[7]) >= at_once then wait = math.max(wait, 100) end
-- What GitHub counts of reads and writes together. Without any ceiling it is a server without limits.
local account = string.sub(KEYS[6], #(ns .. 'budget:') + 1)
local points, primary = ns .. 'points:' .. account, ns .. 'primary:' .. account
local cost = (per_minute > 0 or per_hour > 0) and WRITE_POINTS or 0
wait = math.max(wait, primary_wait(primary, now, CALLS_TO_FINISH))
if cost > 0 then wait = math.max(wait, points_wait(points, now, cost, POINTS_A_MINUTE, MINUTE_MS)) end
if wait > 0 then return {'wait', math.ceil(wait)} end

spend(points, primary, now, cost)
redis.call('ZADD', KEYS[6], int(now), nonce)
redis.call('HSET', KEYS[9], 'sent_ms', int(now))
redis.call('PEXPIRE', KEYS[6], 3600000)
redis.call('ZADD', KEYS[7], int(now + SLOT_MS), nonce)
redis.call('PEXPIRE', KEYS[7], SLOT_MS)
if half_open[1] then redis.call('HSET', KEYS[4], 'probe', nonce, 'probe_until', int(now + SLOT_MS)) end
if ticket ~= '' then
  redis.call('HSET', KEYS[3], ticket, 'intended ' .. int(now) .. ' ' .. nonce)
  redis.call('PERSIST', KEYS[3])
end
return {'granted', now}
