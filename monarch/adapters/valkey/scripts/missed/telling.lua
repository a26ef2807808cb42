#!lua
-- Take it upon oneself to tell a channel of missed repositories; or give it back, since the channel was not told.
--
-- KEYS  1 missed (hash)
-- ARGV  1 prefix  2 'take' or 'give_back'  then ids of repositories
-- Gives the ids that nobody has taken before ('take'), or nothing.
--
-- Atomic, so that each is told once. A worker that dies between this and Slack's answer leaves its repositories untold: the
-- page, `status` and the events show them all the same, and a second message would be noise.
local taken = {}
for i = 3, #ARGV do
  local packed = redis.call('HGET', KEYS[1], ARGV[i])
  local one = packed and cjson.decode(packed)
  if one and ARGV[2] == 'give_back' then
    one.told_ms = nil
  elseif one and not one.told_ms then
    one.told_ms = int(now_ms())
    taken[#taken + 1] = ARGV[i]
  end
  if one then redis.call('HSET', KEYS[1], ARGV[i], cjson.encode(one)) end
end
return taken
