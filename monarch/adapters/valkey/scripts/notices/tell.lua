#!lua flags=allow-oom
-- Record what was posted to Slack about a cohort.
--
-- KEYS  1 card:<cohort> (hash)  2 saying:<cohort> (string)
-- ARGV  1 prefix  2 op (sending | said | not_sent | deleted | frozen | end)  3 what (card | ending | reply:<cause>)
--       4 version  5 ts, '' where it is known already  6 id of the channel that Slack named, or ''  7 digest of the words
--       8 what a reply names, a line each  9 the lock's token, for `end`
-- Gives 1, or 0 where the cohort is not known (any more).
--
-- Atomic, so that a card that expired meanwhile is not made again with half its fields.
local op, what, version = ARGV[2], ARGV[3], tonumber(ARGV[4])
local cohort_id = string.sub(KEYS[1], #(ns .. 'card:') + 1)
if op == 'end' then
  if redis.call('GET', KEYS[2]) == ARGV[9] then redis.call('DEL', KEYS[2]) end
  return 1
end
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end

-- A reply's record: `ts channel digest`, then what it names. A dash stands for unknown.
local function note_reply(ts, channel, digest)
  redis.call('HSET', KEYS[1], what, ts .. ' ' .. channel .. ' ' .. digest .. '\n' .. ARGV[8])
end

local sending, said, not_sent, deleted = {}, {}, {}, {}

function sending.card() redis.call('HSET', KEYS[1], 'card_open', '1') end
function sending.ending() redis.call('HSET', KEYS[1], 'ending_open', '1') end
function sending.reply() note_reply('-', '-', '-') end

function not_sent.card() redis.call('HDEL', KEYS[1], 'card_open') end
function not_sent.ending() redis.call('HDEL', KEYS[1], 'ending_open') end
function not_sent.reply() redis.call('HDEL', KEYS[1], what) end

-- A version beyond the newest one was posted before Valkey's memory went back. On record it would stay newer than anything
-- that can be posted, and each edit would look like one that overwrote it: one notice after the other, without end.
local function known_versions(field)
  local now = tonumber(redis.call('HGET', KEYS[1], 'version') or 0)
  return now, math.min(tonumber(redis.call('HGET', KEYS[1], field) or 0), now)
end

function said.card()
  local now, before = known_versions('said_version')
  redis.call('HDEL', KEYS[1], 'card_open')
  if version > before and version <= now then redis.call('HSET', KEYS[1], 'said_version', ARGV[4]) end
  if ARGV[5] == '' then return end
  redis.call('HSET', KEYS[1], 'card_ts', ARGV[5], 'card_channel', ARGV[6], 'card_digest', ARGV[7], 'edited_ms', int(now_ms()))
  -- A teller that was frozen on its way to Slack has overwritten newer text, or has posted a card that was not awaited any
  -- more: another notice repairs that. One that is under way or in hand already finds that all is said.
  if version < before then redis.call('HSET', KEYS[1], 'said_version', ARGV[4])
  elseif version >= now then return end
  if redis.call('HGET', KEYS[1], 'notice_due') ~= '1' then notify_card(cohort_id) end
end

-- An ending that was overtaken (by a stray that was found, or by a replay that began while it was on its way to Slack) still
-- counts as one; the newer ending has a version of its own, and is posted, too.
function said.ending()
  local now, before = known_versions('ended_version')
  redis.call('HDEL', KEYS[1], 'ending_open')
  redis.call('HINCRBY', KEYS[1], 'endings', 1)
  if version <= before or version > now then return end
  redis.call('HSET', KEYS[1], 'ended_version', ARGV[4])
  for _, request in ipairs(cohort(cohort_id)) do
    local known = redis.call('HMGET', ns .. 'request:' .. request, 'state', 'card_version')
    if ENDED[known[1]] and tonumber(known[2] or 0) <= version then redis.call('ZREM', ns .. 'open', request) end
  end
end

function said.reply() note_reply(ARGV[5], ARGV[6], ARGV[7]) end

-- After the first deletion the card is posted anew, and then never again: people who delete it twice do not want it.
function deleted.card()
  local again = redis.call('HGET', KEYS[1], 'reposted')
  redis.call('HDEL', KEYS[1], 'card_ts', 'card_channel', 'card_digest', 'card_open')
  redis.call('HSET', KEYS[1], again and 'dropped' or 'reposted', '1')
end

function deleted.reply() note_reply('-', '-', '-') end

local kind = string.match(what, '^%a+')
if op == 'frozen' then redis.call('HSET', KEYS[1], 'frozen', '1')
else
  ({sending = sending, said = said, not_sent = not_sent, deleted = deleted})[op][kind]()
  if op == 'said' then
    redis.call('HDEL', KEYS[1], 'notice_error', 'notice_dropped', 'refused')
    event('notice.said', 'cohort', cohort_id, 'kind', kind)
  end
end
return 1
