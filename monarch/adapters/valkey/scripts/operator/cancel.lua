#!lua flags=allow-oom
-- A person cancels a request: what has not been copied yet will not be.
--
-- KEYS  1 request:<id> (hash)  2 requests (stream)
-- ARGV  1 prefix  2 request id  3 by whom
-- Gives {'unknown'} | {'strange', state} | {'ended', state} | {'cancelled', by whom it was before} | {'cancelling', how many targets are left}.
--
-- Atomic, so that the cancel is on record before this script answers or emits a notice. From here on nothing of the
-- request is permitted (`take`, `permit`), and work that would go on is settled as a dead letter (`settle`). Each parked
-- piece of it goes back into its stream, so that it ends now and not when its wait is over. A write that is under way is
-- finished and recorded.
local wrong = of_another_type(KEYS[1], 'hash') or in_the_way(OF_ACTS)
if wrong then return wrong end
local request, by = ARGV[2], ARGV[3]
local known = redis.call('HMGET', KEYS[1], 'state', 'cancelled_by')
if not known[1] then
  -- A producer's own entry has no hash before it is planned.
  if not string.find(request, '^%d+%-%d+$') or #redis.call('XRANGE', KEYS[2], request, request) == 0 then return {'unknown'} end
  redis.call('HSET', KEYS[1], 'state', 'queued', 'run', '1', 'via', 'producer', 'entry', request,
    'appended_ms', string.match(request, '^%d+'))
  redis.call('ZADD', ns .. 'known', 'NX', string.match(request, '^%d+'), request)
  open(request)
elseif is_strange(known[1]) then
  return {'strange', known[1]}
elseif ENDED[known[1]] then
  return {'ended', known[1]}
elseif known[2] then
  return {'cancelled', known[2]}
end
redis.call('HSET', KEYS[1], 'cancelled_by', by, 'cancelled_ms', int(now_ms()))
event('request.cancelling', 'request', request, 'by', by)
local _, left = promote_all(request)
changed(request)
return {'cancelling', left}
