#!lua
-- A message was heard on the channel: append it as a request, unless another replica has done so.
--
-- KEYS  1 inbox:<digest> (hash)   2 requests (stream)
-- ARGV  1 prefix  2 replica  3 hearing id  4 subscribed since, ms  5 window, ms  6 payload  7 via  8 how late it may be, ms
-- Gives {'appended', request id} or {'echo', request id}. For people it keeps when this replica last heard something.
--
-- Each append of these bytes has an index; each replica remembers the last one that it heard as its own or as an
-- echo. A hearing is an echo exactly when another replica made an append that this one has not matched yet, within
-- the window and after this one subscribed (it cannot have heard an earlier message). Else it appends: in
-- doubt a request too many, which copies nothing, rather than one too few. A replica that was frozen hears late what
-- the others have appended long ago, so its window is so much longer; an append is remembered for four windows.
--
-- Atomic, because two replicas that both look first and both append would make two requests of one message.
local inbox, requests = KEYS[1], KEYS[2]
local replica, hearing, payload, via = ARGV[2], 'hearing:' .. ARGV[3], ARGV[6], ARGV[7]
local now = now_ms()
local window = tonumber(ARGV[5])

-- A repeated call, whose first answer was lost: the same hearing gets the same answer, an echo too.
local before = redis.call('HGET', inbox, hearing)
if before then
  local verdict, entry = string.match(before, '^(%a+) (.*)$')
  return {verdict, entry}
end

-- Before the first write: an error behind the append would have the message appended again with each repetition.
local wrong = of_another_type(inbox, 'hash') or in_the_way({'requests', 'known', 'open', 'hearing'})
if wrong then return wrong end

redis.call('HSET', ns .. 'hearing', 'heard:' .. replica, int(now))

local since = math.max(now - window - tonumber(ARGV[8]), tonumber(ARGV[4]))
local appends = tonumber(redis.call('HGET', inbox, 'appends') or 0)
local matched = tonumber(redis.call('HGET', inbox, 'matched:' .. replica) or 0)
for i = matched + 1, appends do
  local append = redis.call('HMGET', inbox, 'at:' .. i, 'by:' .. i, 'entry:' .. i)
  -- An append in the future was made before the clock went back: its real time is unknown, so this is not an echo.
  if append[2] ~= replica and tonumber(append[1]) >= since and tonumber(append[1]) <= now then
    redis.call('HSET', inbox, 'matched:' .. replica, i, hearing, 'echo ' .. append[3])
    return {'echo', append[3]}
  end
end

local i = int(appends + 1)
local entry = append_request(requests, payload, via, now)
redis.call('HSET', inbox, 'appends', i, 'at:' .. i, int(now), 'by:' .. i, replica, 'entry:' .. i, entry,
  'matched:' .. replica, i, hearing, 'appended ' .. entry)
redis.call('PEXPIRE', inbox, 4 * window)
return {'appended', entry}
