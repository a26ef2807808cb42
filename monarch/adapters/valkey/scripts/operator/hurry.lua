#!lua flags=allow-oom
-- A person asks to try at once what a request would try later, because its cause is fixed.
--
-- KEYS  1 request:<id> (hash)
-- ARGV  1 prefix  2 request id  3 by whom
-- Gives {'unknown'} | {'strange', state} | {'ended', state} | {'cancelled', by whom} | {'dated', its date in ms} | {'tried', how many pieces}.
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
if ENDED[known[1]] then return {'ended', known[1]} end
if known[2] then return {'cancelled', known[2]} end
-- A date is what people asked for, not a failure to retry.
if (tonumber(known[3] or 0) or 0) > now_ms() then return {'dated', known[3]} end
local tried = promote_all(request)
if tried > 0 then
  event('request.hurried', 'request', request, 'by', by, 'pieces', tried)
  changed(request)
end
return {'tried', tried}
