#!lua flags=allow-oom
-- Take the short lock on telling people of a request, and read how it stands now.
--
-- KEYS  1 notices (stream)  2 saying:<request> (string)  3 request:<id> (hash)
-- ARGV  1 prefix  2 consumer  3 entry  4 count  5 lock, ms  6 request id
-- Gives {'busy'} | {'unknown'} | {'saying', request as HGETALL, {migration as HGETALL...}, by whom paused or ''}
--
-- Atomic: `notice_due` is cleared before the state is read, so that a change after this reading emits a notice of
-- its own, and none is missed.
local token = ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4]
if not still_holds(KEYS[1], ARGV[2], ARGV[3], ARGV[4]) then return {'busy'} end
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= token then
  ends_within(KEYS[2], ARGV[5])
  return {'busy'}
end
if redis.call('EXISTS', KEYS[3]) == 0 then return {'unknown'} end
redis.call('SET', KEYS[2], token, 'PX', ARGV[5])
redis.call('HSET', KEYS[3], 'notice_due', '0')
local migrations = {}
for target in lines(redis.call('HGET', KEYS[3], 'targets')) do
  migrations[#migrations + 1] = redis.call('HGETALL', ns .. 'migration:' .. ARGV[6] .. ':' .. target)
end
return {'saying', redis.call('HGETALL', KEYS[3]), migrations, redis.call('GET', ns .. 'paused') or ''}
