#!lua flags=allow-oom
-- Put on record what the channel was told.
--
-- KEYS  1 request:<id> (hash)  2 saying:<request> (string)
-- ARGV  1 prefix  2 op (sending | said | not_sent | gone | end)  3 kind (progress | final)  4 version  5 ts or ''
--       6 the lock's token, for `end`  7 id of the channel that Slack named, or ''
-- Gives 1, or 0 where the request is not known (any more).
--
-- Atomic, so that a request that expired meanwhile is not made again with half its fields.
local op, kind = ARGV[2], ARGV[3]
local request = string.sub(KEYS[1], #(ns .. 'request:') + 1)
if op == 'end' then
  if redis.call('GET', KEYS[2]) == ARGV[6] then redis.call('DEL', KEYS[2]) end
  return 1
end
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local run = redis.call('HGET', KEYS[1], 'run') or '1'
if op == 'sending' then
  redis.call('HSET', KEYS[1], kind .. '_open', run)
elseif op == 'not_sent' then
  redis.call('HDEL', KEYS[1], kind .. '_open')
elseif op == 'gone' then
  -- Open, so that no other one is posted in its place.
  redis.call('HDEL', KEYS[1], 'progress_ts', 'progress_channel')
  redis.call('HSET', KEYS[1], 'progress_open', run)
else
  redis.call('HDEL', KEYS[1], kind .. '_open', 'notice_error')
  local version, said = tonumber(ARGV[4]), redis.call('HMGET', KEYS[1], 'version', 'said_version', 'channel', 'notice_due')
  -- A version beyond this one was told before Valkey's memory went back. On record it would stay newer than whatever
  -- can be said, and each edit would be taken for one that overwrote it: a notice after the other, without an end.
  local now = tonumber(said[1] or 0)
  local before = math.min(tonumber(said[2] or 0), now)
  if version > before and version <= now then redis.call('HSET', KEYS[1], 'said_version', ARGV[4]) end
  -- Final is what nothing came after: a stray that was found, or a replay that began, while it was on its way to
  -- Slack has a notice of its own, and that one is to say the end again.
  if kind == 'final' and version == now then
    redis.call('HSET', KEYS[1], 'final_said', run)
    redis.call('ZREM', ns .. 'open', request)
  end
  if kind == 'progress' and ARGV[5] ~= '' then
    redis.call('HSET', KEYS[1], 'progress_ts', ARGV[5], 'progress_channel', ARGV[7])
  end
  -- A teller that was frozen on its way to Slack has overwritten what is newer: another notice puts it right.
  local overwrote = kind == 'progress' and version < before
  if overwrote and (said[3] or '') ~= '' and said[4] ~= '1' then notify(request) end
  event('notice.said', 'request', ARGV[6], 'kind', kind)
end
return 1
