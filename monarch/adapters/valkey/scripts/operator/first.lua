#!lua flags=allow-oom
-- A person puts a request first: its writes go before those of all others that were not put first.
--
-- KEYS  1 request:<id> (hash)
-- ARGV  1 prefix  2 request id  3 by whom
-- Gives {'unknown'} | {'strange', state} | {'ended', state} | {'cancelled', by whom} | {'first', by whom, 1, or 0 where it was so before}.
--
-- Atomic, so that it is on record before this script answers. From here on its group in the line is `!` (`group_of`). Each
-- parked piece of it goes back into its stream: the turn that it waits for may be its own now.
local wrong = of_another_type(KEYS[1], 'hash') or in_the_way(OF_ACTS)
if wrong then return wrong end
local request, by = ARGV[2], ARGV[3]
local known = redis.call('HMGET', KEYS[1], 'state', 'cancelled_by', 'first_by')
if not known[1] then return {'unknown'} end
if is_strange(known[1]) then return {'strange', known[1]} end
if ENDED[known[1]] then return {'ended', known[1]} end
if known[2] then return {'cancelled', known[2]} end
if known[3] then return {'first', known[3], 0} end
redis.call('HSET', KEYS[1], 'first_by', by, 'first_ms', int(now_ms()))
event('request.put_first', 'request', request, 'by', by)
local _, left = promote_all(request)
if left > 0 then knock(request) end
changed(request)
return {'first', by, 1}
