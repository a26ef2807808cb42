#!lua flags=allow-oom
-- A person throws dead letters away.
--
-- KEYS  1 dead (stream)
-- ARGV  1 prefix  2 by whom  3 retention, ms  then the ids of the letters
-- Gives for each 1 (dropped) or 0 (it was gone).
--
-- Atomic, because a letter pins its request, plan and migrations: with the last one they begin to age.
local function release(request)
  local key = ns .. 'request:' .. request
  local keys = {key, ns .. 'plan:' .. request}
  for target in lines(redis.call('HGET', key, 'targets')) do
    local migration = ns .. 'migration:' .. request .. ':' .. target
    local known = redis.call('HMGET', migration, 'state', 'dropped_ms')
    if (known[1] == 'dead' or known[1] == 'cancelled') and not known[2] then return end
    keys[#keys + 1] = migration
  end
  if not ENDED[redis.call('HGET', key, 'state')] then return end
  for _, one in ipairs(keys) do redis.call('PEXPIRE', one, ARGV[3]) end
end

local answers = {}
for i = 4, #ARGV do
  local found = redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i])
  if found[1] then
    local letter = {request = '', migration = ''}
    for f = 1, #found[1][2], 2 do letter[found[1][2][f]] = found[1][2][f + 1] end
    redis.call('XDEL', KEYS[1], ARGV[i])
    local key = ns .. 'migration:' .. letter.migration
    if redis.call('EXISTS', key) == 1 then redis.call('HSET', key, 'dropped_ms', int(now_ms())) end
    event('letter.dropped', 'letter', ARGV[i], 'request', letter.request, 'migration', letter.migration, 'by', ARGV[2])
    release(letter.request)
  end
  answers[#answers + 1] = found[1] and 1 or 0
end
return answers
