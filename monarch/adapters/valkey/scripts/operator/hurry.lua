#!lua flags=allow-oom
-- A person asks to try at once what a request would try later, because its cause is fixed: its work, and what Slack did not get.
--
-- KEYS  1 request:<id> (hash)
-- ARGV  1 prefix  2 request id  3 by whom
-- Gives {'unknown'} | {'strange', state} | {'ended', state} | {'cancelled', by whom} | {'dated', its date in ms}
--       | {'limited', until when in ms}: Slack's limit holds what is left | {'tried', how many pieces}.
--
-- Safe at any moment: work that comes back early asks `permit` before it writes, like work that comes back in time, so it
-- skips no gate, no ceiling and no time that GitHub has to act; and what still cannot be done is parked again. Atomic: a
-- piece is either parked or in its stream, so of two people only one sends it back.
local wrong = of_another_type(KEYS[1], 'hash') or in_the_way(OF_ACTS)
if wrong then return wrong end
local request, by = ARGV[2], ARGV[3]
local known = redis.call('HMGET', KEYS[1], 'state', 'cancelled_by', 'not_before_ms')
if not known[1] then return {'unknown'} end
if is_strange(known[1]) then return {'strange', known[1]} end

-- What a parked notice waits for; `retry` after a failure. An older version has not recorded it, and counted its failures.
local function waits_of(parked)
  if parked.waits then return parked.waits end
  for i = 1, #parked.fields, 2 do
    if parked.fields[i] == 'attempts' and (tonumber(parked.fields[i + 1]) or 0) > 0 then return 'retry' end
  end
end

-- What Slack is to hear waits under the cohort, and outlives the request. Only after a failure: else it waits for its
-- moment, or for Slack's limit. Gives how many pieces, and until when that limit holds.
local function retry_notice()
  local card = redis.call('HGET', KEYS[1], 'card')
  local packed = card and redis.call('HGET', ns .. 'parked:entries', card_member(card))
  local parked = packed and unpacked(packed)
  local waits = parked and waits_of(parked)
  if waits == 'retry' then return promote(card_member(card)) and 1 or 0 end
  return 0, waits == 'limit' and redis.call('ZSCORE', ns .. 'parked', card_member(card))
end

-- Why nothing else of it is tried; nil where it is.
local function why_not()
  if ENDED[known[1]] then return {'ended', known[1]} end
  if known[2] then return {'cancelled', known[2]} end
  -- A date is what people asked for, not a failure to retry.
  if (tonumber(known[3] or 0) or 0) > now_ms() then return {'dated', known[3]} end
end

local notices, limited = retry_notice()
local why = why_not()
if why and why[1] ~= 'dated' and limited then return {'limited', limited} end
if why and notices == 0 then return why end
local pieces = why and 0 or promote_all(request)
if pieces == 0 and limited then return {'limited', limited} end
if pieces + notices > 0 then event('request.hurried', 'request', request, 'by', by, 'pieces', pieces + notices) end
if pieces > 0 then changed(request) end
return {'tried', pieces + notices}
