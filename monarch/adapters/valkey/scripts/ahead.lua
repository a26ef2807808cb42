#!lua flags=allow-oom
-- How many tickets are to be copied before a request is done: its own, and those of older open requests.
--
-- KEYS  1 open (sorted set)  2 request:<id> (hash)
-- ARGV  1 prefix  2 request id  3 how many migrations to look at, at most
-- Gives {for each account: its name ('' where no target of it was taken yet), tickets ahead}; {} where there is more than
--       that to look at, or the request is not open.
--
-- Atomic, so that no ticket is counted twice while targets end. Nothing is changed.
local request, left = ARGV[2], tonumber(ARGV[3])
local mine = redis.call('ZSCORE', KEYS[1], request)
if not mine then return {} end
local ahead, names = {}, {}

local function count(account, tickets)
  if tickets <= 0 then return end
  if not ahead[account] then names[#names + 1] = account end
  ahead[account] = (ahead[account] or 0) + tickets
end

-- Those that are as old as it by the millisecond are taken for older: at worst somebody is told a little too much.
for _, one in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', mine)) do
  local tickets = tonumber(redis.call('HGET', ns .. 'request:' .. one, 'tickets') or 0) or 0
  for _, migration in ipairs(redis.call('SMEMBERS', ns .. 'unsettled:' .. one)) do
    left = left - 1
    if left < 0 then return {} end
    local its = redis.call('HMGET', ns .. 'migration:' .. migration, 'account', 'copied', 'present', 'refused', 'heal')
    local there = (tonumber(its[2]) or 0) + (tonumber(its[3]) or 0) + (tonumber(its[4]) or 0)
    count(its[1] or '', tickets - there)
  end
end
local answer = {}
for _, name in ipairs(names) do
  answer[#answer + 1] = name
  answer[#answer + 1] = ahead[name]
end
return answer
