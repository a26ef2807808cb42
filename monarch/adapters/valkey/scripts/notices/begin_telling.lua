#!lua flags=allow-oom
-- Take the short lock on posting about a cohort, and read its present state.
--
-- KEYS  1 notices (stream)  2 saying:<cohort> (string)  3 card:<cohort> (hash)
-- ARGV  1 prefix  2 consumer  3 entry  4 count  5 lock, ms  6 cohort id
-- Gives {'busy'} | {'unknown'} | {'telling', now ms, card as HGETALL, requests as in cohort.lua, by whom paused or ''}
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
return {'telling', now_ms(), redis.call('HGETALL', KEYS[3]), read_requests(ARGV[6]), redis.call('GET', ns .. 'paused') or ''}
