#!lua flags=allow-oom
-- Give a request that older code has posted a card of its own: its posted message is the card from now on.
--
-- KEYS  1 notices (stream)  2 saying:<request> (string)  3 request:<id> (hash)
-- ARGV  1 prefix  2 consumer  3 entry  4 count  5 lock, ms  6 request id
-- Gives 'busy' | 'unknown' | 'adopted'.
--
-- Atomic, and under the lock that older code takes before it posts anything: older code is not posting about the request at
-- this moment, and once the request has a card it posts nothing. `final_said` and `notice_refused` are for a notice that
-- older code has parked and takes up again: it finds nothing left to say. What can still go wrong: a notice was parked in
-- that way, and a person replays the request by a command of the older version.
if not still_holds(KEYS[1], ARGV[2], ARGV[3], ARGV[4]) then return 'busy' end
if redis.call('EXISTS', KEYS[2]) == 1 then
  ends_within(KEYS[2], ARGV[5])
  return 'busy'
end
-- A request whose message was not read yet is posted once it is read.
if redis.call('HEXISTS', KEYS[3], 'source') == 0 then return 'unknown' end
local request = ARGV[6]
local told = redis.call('HMGET', KEYS[3], 'card', 'progress_ts', 'progress_channel', 'progress_open', 'said_version',
  'final_said', 'run', 'state', 'notice_error')
local is_new = not told[1]
local card = join_card(request, told[2] or told[4] or told[5])
local key = ns .. 'card:' .. card
if is_new and told[2] then redis.call('HSET', key, 'card_ts', told[2], 'card_channel', told[3] or '') end
if is_new and told[4] and not told[2] then redis.call('HSET', key, 'card_open', '1') end
if is_new and told[9] then redis.call('HSET', key, 'notice_error', told[9]) end
show_on_card(request, card)
if is_new and told[6] == (told[7] or '1') and ENDED[told[8]] then
  redis.call('HSET', key, 'ended_version', redis.call('HGET', key, 'version'), 'endings', '1')
end
redis.call('HSET', KEYS[3], 'final_said', told[7] or '1', 'notice_refused', '1')
return 'adopted'
