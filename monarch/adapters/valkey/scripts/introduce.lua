#!lua flags=allow-oom
-- Put on record whom a credential writes as, and say who we are and were.
--
-- KEYS  1 logins (hash): GitHub's number of the account, or its login where that is not known -> 'ms bot account login'
-- ARGV  1 prefix  2 number of the account, 0 where it is not known  3 its login, '' to ask only  4 1 where it is a bot
--       5 account of the credential  6 how many are kept
-- Gives the whole hash.
--
-- Atomic, so that the bound holds and nobody reads an account between its login and its number. It may be repeated.
local id, login = ARGV[2], ARGV[3]
if login ~= '' then
  local field = id ~= '0' and id or string.lower(login)
  local who = ARGV[4] .. ' ' .. ARGV[5] .. ' ' .. login
  local known = redis.call('HGET', KEYS[1], field)
  local at = known and tonumber(string.match(known, '^(%d+) '))
  -- Said at every crossing: what has not changed is written once an hour, to know which are the newest.
  if not at or now_ms() - at > 3600000 or string.match(known, '^%d+ (.*)$') ~= who then
    redis.call('HSET', KEYS[1], field, int(now_ms()) .. ' ' .. who)
  end
  if id ~= '0' then redis.call('HDEL', KEYS[1], string.lower(login)) end
  if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[6]) then
    local oldest, since
    local all = redis.call('HGETALL', KEYS[1])
    for i = 1, #all, 2 do
      local ms = tonumber(string.match(all[i + 1], '^(%d+) ')) or 0
      if all[i] ~= field and (not since or ms < since) then oldest, since = all[i], ms end
    end
    redis.call('HDEL', KEYS[1], oldest)
  end
end
return redis.call('HGETALL', KEYS[1])
