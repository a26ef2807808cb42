#!lua flags=allow-oom
-- Record the account that a credential writes as, and return who we are and were.
--
-- KEYS  1 logins (hash): GitHub's number of the account, its login where that is not known, or '?' and the credential's
--         account where nothing is -> 'ms bot account login'
-- ARGV  1 prefix  2 record | ask  3 number of the account, 0 where it is not known  4 its login, '' where it is not known
--       5 1 where it is a bot  6 account of the credential  7 how many are kept
-- Gives the whole hash.
--
-- Atomic, so that the bound holds and no worker reads an account between its login and its number. It may be repeated.
local id, login, account, now = ARGV[3], ARGV[4], ARGV[6], int(now_ms())
local all = redis.call('HGETALL', KEYS[1])
if ARGV[2] == 'ask' then return all end

-- A credential that does not say who it is may have been named by an earlier 201.
if login == '' then
  for i = 1, #all, 2 do
    if string.match(all[i], '^%d+$') and string.match(all[i + 1], '^%d+ %d (%S+) ') == account then return all end
  end
end
local field = id ~= '0' and id or login ~= '' and string.lower(login) or '?' .. account
local who = ARGV[5] .. ' ' .. account .. ' ' .. login
local known = redis.call('HGET', KEYS[1], field)
local at = known and tonumber(string.match(known, '^(%d+) ')) or 0
-- Called at every crossing: an unchanged account is written once an hour, to know which are the newest.
if not known or tonumber(now) - at > 3600000 or string.match(known, '^%d+ (.*)$') ~= who then
  redis.call('HSET', KEYS[1], field, now .. ' ' .. who)
end
if id ~= '0' then redis.call('HDEL', KEYS[1], string.lower(login), '?' .. account) end
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[7]) then
  local oldest, since
  all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    local ms = tonumber(string.match(all[i + 1], '^(%d+) ')) or 0
    if all[i] ~= field and (not since or ms < since) then oldest, since = all[i], ms end
  end
  redis.call('HDEL', KEYS[1], oldest)
end
return redis.call('HGETALL', KEYS[1])
