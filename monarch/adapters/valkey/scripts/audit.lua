#!lua
-- Look through the open requests for work that stands nowhere (somebody deleted a stream or an entry), and remove
-- consumers that are no more.
--
-- KEYS  1 open (sorted set)  2 audited (string, PX)  then the streams
-- ARGV  1 prefix  2 where to begin  3 how many requests at most  4 not again within, ms  5 a consumer is no more after, ms
-- Gives {where to begin the next time, how many migrations and notices were put back, requests given up,
--        consumers removed}.
--
-- Atomic, because every move of work (plan, park, promote, settle, replay) is one script that also writes down where it
-- stands now: between scripts, work whose entry is neither in its stream nor parked has been removed by somebody.
-- DELCONSUMER drops what is pending, so it looks and deletes at once.
-- Not `allow-oom`: it adds entries, and what is missing is still missing when there is memory again.
local from, limit = tonumber(ARGV[2]), tonumber(ARGV[3])
if not redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[4]) then return {from, 0, 0, 0} end
local restored, given_up, removed = 0, 0, 0

local function stands(stream, entry, member)
  return #redis.call('XRANGE', ns .. stream, entry, entry) == 1
    or redis.call('HEXISTS', ns .. 'parked:entries', member) == 1
end

local function is_entry(text) return text and string.find(text, '^%d+%-%d+$') end

local function audit_migrations(request)
  for _, migration in ipairs(redis.call('SMEMBERS', ns .. 'unsettled:' .. request)) do
    local known = redis.call('HMGET', ns .. 'migration:' .. migration, 'entry', 'order', 'target')
    if is_entry(known[1]) and known[3]
      and not stands('migrations', known[1], parked_member(request, 'migrations', known[2] or '0', known[3]))
      and put_back(request, migration) then restored = restored + 1 end
  end
end

local function audit_notice(request, known)
  if (known.channel or '') == '' or not is_entry(known.notice_entry) then return end
  local untold = ENDED[known.state] and known.final_said ~= (known.run or '1') and not known.notice_error
  if known.notice_due ~= '1' and not untold then return end
  if stands('notices', known.notice_entry, parked_member(request, 'notices')) then return end
  notify(request)
  restored = restored + 1
end

local page = redis.call('ZRANGE', KEYS[1], from, from + limit - 1)
for _, request in ipairs(page) do
  local known = hash(ns .. 'request:' .. request)
  if not known.state then
    redis.call('ZREM', KEYS[1], request)
  elseif known.state == 'queued' then
    local entry = known.entry or request
    if is_entry(entry) and not stands('requests', entry, parked_member(request, 'requests')) then
      give_up_request(request, entry)
      given_up = given_up + 1
    end
  elseif known.state == 'running' then
    audit_migrations(request)
  end
  audit_notice(request, known)
end

for i = 3, #KEYS do
  local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[i], GROUP)
  for _, flat in ipairs(consumers.err and {} or consumers) do
    local fields = {}
    for f = 1, #flat, 2 do fields[flat[f]] = flat[f + 1] end
    if fields.pending == 0 and fields.idle > tonumber(ARGV[5]) then
      redis.call('XGROUP', 'DELCONSUMER', KEYS[i], GROUP, fields.name)
      removed = removed + 1
    end
  end
end
return {#page < limit and 0 or from + limit, restored, given_up, removed}
