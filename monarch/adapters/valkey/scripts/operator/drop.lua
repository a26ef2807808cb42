#!lua flags=allow-oom
-- A person drops dead letters.
--
-- KEYS  1 dead (stream)
-- ARGV  1 prefix  2 by whom  3 retention, ms  then the ids of the letters
-- Gives for each 1 (dropped) or 0 (it was gone).
--
-- Atomic, because a letter pins its request, plan and migrations: once the last letter is gone they begin to age.
local wrong = in_the_way({'dead'})
if wrong then return wrong end
local answers = {}
for i = 4, #ARGV do
  local found = redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i])
  if found[1] then
    local letter = {request = '', migration = '', payload = ''}
    for f = 1, #found[1][2], 2 do letter[found[1][2][f]] = found[1][2][f + 1] end
    redis.call('XDEL', KEYS[1], ARGV[i])
    local key = letter.migration ~= '' and ns .. 'migration:' .. letter.migration
      or letter.stream == 'requests' and ns .. 'request:' .. letter.request
    local act = redis.call('EXISTS', key or '') == 1 and redis.call('HGET', key, 'act') or nil
    local is_lent = act and redis.call('HEXISTS', key, 'before') == 1
    if is_lent and act == act_of(letter) then
      -- Only the act is given up: restore what the migration was before.
      end_act(key)
      local request_key = ns .. 'request:' .. letter.request
      if ENDED[redis.call('HGET', request_key, 'state')] then redis.call('HSET', request_key, 'state', ended_as(letter.request)) end
    elseif letter.stream == 'notices' then
      local card = redis.call('HGET', ns .. 'request:' .. letter.request, 'card')
      if card and redis.call('HEXISTS', ns .. 'card:' .. card, 'notice_error') == 1 then
        redis.call('HSET', ns .. 'card:' .. card, 'notice_dropped', '1')
      end
    elseif key and not is_lent and redis.call('EXISTS', key) == 1 then
      redis.call('HSET', key, 'dropped_ms', int(now_ms()))
    end
    event('letter.dropped', 'letter', ARGV[i], 'request', letter.request, 'migration', letter.migration, 'by', ARGV[2])
    retain(letter.request, ARGV[3])
  end
  answers[#answers + 1] = found[1] and 1 or 0
end
return answers
