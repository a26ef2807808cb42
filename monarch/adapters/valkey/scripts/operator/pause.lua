#!lua flags=allow-oom
-- A person stops the fleet from taking on anything new, or lets it go on.
--
-- KEYS  1 paused (string)
-- ARGV  1 prefix  2 op (pause | resume)  3 by whom
-- Gives {1 where this changed something, else 0; by whom it is, or was, paused, or ''}.
--
-- Atomic, so that of two people one learns that the other was first, and so that each open request's channel hears
-- exactly what happened.
local wrong = in_the_way({'paused', 'open', 'notices'})
if wrong then return wrong end
local before = redis.call('GET', KEYS[1])
-- An empty name would read as *not paused*.
local by = ARGV[3] ~= '' and ARGV[3] or 'unknown'
if ARGV[2] == 'pause' then
  if before then return {0, before} end
  redis.call('SET', KEYS[1], by)
  redis.call('SET', KEYS[1] .. ':since', int(now_ms()))
else
  if not before then return {0, ''} end
  redis.call('DEL', KEYS[1], KEYS[1] .. ':since')
end
event(ARGV[2] == 'pause' and 'fleet.paused' or 'fleet.resumed', 'by', by)
-- The oldest requests are those at work. In a backlog of 100,000 the others learn of the pause when their turn comes.
local TOLD = 1000
local cards = {}
for _, request in ipairs(redis.call('ZRANGE', ns .. 'open', 0, TOLD - 1)) do
  -- Skip an ended request: its ending would be posted again.
  -- An unplanned request has no channel yet, and 100,000 queued ones need no notices.
  local key = ns .. 'request:' .. request
  -- A broken record (of another type) must not keep the others from being told; the readings name it.
  local known = redis.pcall('HMGET', key, 'state', 'channel', 'card', 'notice_due')
  local has_channel = known[1] and not ENDED[known[1]] and (known[2] or '') ~= ''
  if has_channel and known[3] then cards[known[3]] = true
  elseif has_channel and known[4] then
    redis.call('HINCRBY', key, 'version', 1)
    if known[4] ~= '1' then notify_as_before(request) end
  end
end
for card in pairs(cards) do
  if redis.call('TYPE', ns .. 'card:' .. card).ok == 'hash' then card_changed(card) end
end
return {1, before or by}
