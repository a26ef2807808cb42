-- Shared by permit, record and take: the line of deliveries that wait to write under an account, and whose turn it is.
-- core/budget/shares.py argues why no cohort starves; core/budget/line.py, why a dead waiter blocks the others for
-- `late` ms at most.
--
-- turns:<account>   sorted set, all with the score 0: `<group>/<name>` of each that waits. A group is a cohort (its id, padded),
--                   or `!` for the requests that a person has put first; names sort as their turns come within it
-- asks:<account>    sorted set of the same members: when each of them asks again, by the server's clock in ms
-- shares:<account>  sorted set of groups by their virtual time, in writes; `@` is the virtual time of the account
-- knocks            sorted set of groups by when an entry of theirs last went into the stream of migrations, in ms
-- knockers          hash: whose entry that was, by group
-- The first two are at most as large as the fleet has places: a parked delivery is in neither.
local SOON_MS, LOOKED_AT, FORGOTTEN_AT_ONCE = 50, 64, 100
-- How many other groups to look at, and how many members of each: those whose turns come first.
local GROUPS_LOOKED_AT, MEMBERS_LOOKED_AT = 32, 8
local KNOCKS_LOOKED_AT, QUEUED_LOOKED_AT, GIVES_WAY_MS = 16, 20, 5000

local function line_of(account, request, name)
  local group = group_of(request)
  return {turns = ns .. 'turns:' .. account, asks = ns .. 'asks:' .. account, shares = ns .. 'shares:' .. account,
    group = group, me = group .. '/' .. name}
end

local function leave_line(line, member)
  redis.call('ZREM', line.turns, member or line.me)
  redis.call('ZREM', line.asks, member or line.me)
end

local function stand_in_line(line, at, ttl)
  redis.call('ZADD', line.turns, 0, line.me)
  redis.call('ZADD', line.asks, int(at), line.me)
  redis.call('PEXPIRE', line.turns, ttl)
  redis.call('PEXPIRE', line.asks, ttl)
end

-- `0` is the character after `/`.
local function in_line(line, group) return redis.call('ZLEXCOUNT', line.turns, '[' .. group .. '/', '(' .. group .. '0') end

-- The virtual time of the account, and that of a group. A group forfeits what it did not use while it had nothing to write.
local function virtual_time(line) return tonumber(redis.call('ZSCORE', line.shares, '@') or 0) end

local function share_of(line, group)
  if group == FIRST then return -1 end
  return math.max(tonumber(redis.call('ZSCORE', line.shares, group) or 0), in_line(line, group) > 0 and 0 or virtual_time(line))
end

-- The caller is about to wait, or to write: from here on its group has the virtual time that it comes with.
local function join_shares(line, ttl)
  line.share = share_of(line, line.group)
  if line.group == FIRST then return end
  redis.call('ZADD', line.shares, line.share, line.group)
  redis.call('PEXPIRE', line.shares, ttl)
end

-- One write is charged to the group.
local function charge(line)
  if line.group == FIRST then return end
  local now = math.max(virtual_time(line), line.share)
  redis.call('ZADD', line.shares, now, '@')
  redis.call('ZADD', line.shares, now + 1, line.group)
end

-- For how many of these members the line waits, and whether one of them is due to ask.
local function alive_of(line, members, now, late)
  local alive, due = 0, false
  for _, other in ipairs(members) do
    local at = tonumber(redis.call('ZSCORE', line.asks, other) or 0)
    if at + late >= now then
      alive = alive + 1
      due = due or at - SOON_MS <= now
    end
  end
  return alive, due
end

-- Groups whose turn comes before the caller's, those with the least virtual time first.
local function groups_before(line)
  local found = line.group ~= FIRST and {FIRST} or {}
  if line.group == FIRST then return found end
  local flat = redis.call('ZRANGEBYSCORE', line.shares, '-inf', line.share, 'WITHSCORES', 'LIMIT', 0, GROUPS_LOOKED_AT)
  for i = 1, #flat, 2 do
    local group, share = flat[i], tonumber(flat[i + 1])
    if group ~= '@' and group ~= line.group and (share < line.share or group < line.group) then found[#found + 1] = group end
  end
  return found
end

-- How many stand before the caller, how many of those in its own group, and whether one of them is due to ask.
local function place_in_line(line, now, late)
  for _, gone in ipairs(redis.call('ZRANGEBYSCORE', line.asks, '-inf', '(' .. int(now - late), 'LIMIT', 0, FORGOTTEN_AT_ONCE)) do
    leave_line(line, gone)
  end
  local mine = redis.call('ZRANGEBYLEX', line.turns, '[' .. line.group .. '/', '(' .. line.me, 'LIMIT', 0, LOOKED_AT)
  local own, held = alive_of(line, mine, now, late)
  local ahead = own
  for _, group in ipairs(groups_before(line)) do
    local members = redis.call('ZRANGEBYLEX', line.turns, '[' .. group .. '/', '(' .. group .. '0', 'LIMIT', 0, MEMBERS_LOOKED_AT)
    local alive, due = alive_of(line, members, now, late)
    ahead = ahead + math.min(alive, own + 1)
    held = held or due
    -- A group that is not in line and is behind the account's time has nothing to remember.
    if #members == 0 and group ~= FIRST and tonumber(redis.call('ZSCORE', line.shares, group)) < virtual_time(line) then
      redis.call('ZREM', line.shares, group)
    end
  end
  return ahead, own, held
end

-- Whether one of the last knocker's entries is in the stream and not yet taken.
local function is_queued(request)
  for _, migration in ipairs(redis.call('SRANDMEMBER', ns .. 'unsettled:' .. request, QUEUED_LOOKED_AT)) do
    if redis.call('HGET', ns .. 'migration:' .. migration, 'state') == 'queued' then return true end
  end
  return false
end

-- Whether a group with no member in line waits in the stream for a place, and its turn is before the caller's.
local function must_give_way(line)
  if line.group == FIRST then return false end
  local own = share_of(line, line.group)
  for _, group in ipairs(redis.call('ZREVRANGE', ns .. 'knocks', 0, KNOCKS_LOOKED_AT - 1)) do
    if group ~= line.group and in_line(line, group) == 0 and share_of(line, group) < own then
      if is_queued(redis.call('HGET', ns .. 'knockers', group) or '') then return true end
      knocks_no_more(group)
    end
  end
  return false
end

-- Of a group's several deliveries in hand, the last one gives its place to a group that has none.
local function gives_place(line, own)
  if own < 1 or redis.call('ZLEXCOUNT', line.turns, '(' .. line.me, '(' .. line.group .. '0') > 0 then return false end
  return must_give_way(line)
end
