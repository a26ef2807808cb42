#!lua flags=allow-oom
-- Put parked entries that are due back into their streams, and take over deliveries that have been idle for longer than
-- the lease.
--
-- KEYS  1 parked (sorted set)  then the streams to look into
-- ARGV  1 prefix  2 consumer  3 lease, ms  4 how many to promote at most  5 what this worker has seen of the memory
--       then for each stream: its name, cursor, how many to take over at most
-- Gives {how many were promoted, by whom the fleet is paused or '', what the memory shows, then for each stream {next cursor,
--       {{entry, fields, count, deliveries since the last progress that no worker has outlived}...}, {gone entry...}, 1 where more could be
--       taken over than there was room for, else 0}}
--
-- Atomic, so that the count it reads is that of this very claim: it is the new fencing token; and so that a
-- parked entry is in exactly one place. Both in one script, because an idle worker does little else and each round
-- trip counts. The caller keeps the cursor, for pending lists that are longer than one sweep looks through.
local DUE_LOOKED_AT = 2000

local function promote_due(parked, now, limit)
  local due = redis.call('ZRANGEBYSCORE', parked, '-inf', int(now), 'LIMIT', 0, DUE_LOOKED_AT)
  -- By name, not by due time: the oldest request first, its targets in their order. Entries that one gate or one full
  -- window parked were parked within milliseconds, in the order in which workers came, and may be more than one sweep
  -- promotes.
  table.sort(due)
  local promoted = 0
  for i = 1, math.min(#due, tonumber(limit)) do
    if promote(due[i]) then promoted = promoted + 1 end
  end
  return promoted
end

-- A memory that went back is noticed within a sweep, and not only by the next one who wants to write: so its quiet time
-- begins at once.
local _, _, read, now = epoch(nil, ARGV[5])

-- The clock went back by `by` ms: move due times, and the moments at which entries were handed out, along. Valkey says
-- `idle 0` of an entry that was handed out in the future, so until then no worker could claim it.
local function clock_went_back(by)
  local parked = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
  for i = 1, #parked, 2 do redis.call('ZADD', KEYS[1], int(tonumber(parked[i + 1]) - by), parked[i]) end
  for i = 2, #KEYS do
    local held = redis.pcall('XPENDING', KEYS[i], GROUP, '-', '+', 10000)
    for _, one in ipairs(held.err and {} or held) do
      if one[3] == 0 then redis.call('XCLAIM', KEYS[i], GROUP, one[2], 0, one[1], 'IDLE', 0, 'RETRYCOUNT', one[4], 'JUSTID') end
    end
  end
  event('clock.went_back', 'ms', int(by))
end

-- Written every 10 s and not with each sweep, so that an idle fleet hardly writes; up to 10 s of a step may be missed.
local clock = tonumber(read and read.clock or redis.call('HGET', ns .. 'epoch', 'clock') or 0)
if clock > now + 1000 then clock_went_back(clock - now) end
if clock > now + 1000 or clock < now - 10000 then redis.call('HSET', ns .. 'epoch', 'clock', int(now)) end
local paused = redis.call('GET', ns .. 'paused') or ''
local answers = {promote_due(KEYS[1], now, ARGV[4]), paused, shown_memory(read)}

-- Take over idle entries, up to `limit`, from `cursor` on and once round: XAUTOCLAIM looks at ten times its COUNT and no
-- further (t_stream.c, attempts_factor), so with few free places single calls would need many sweeps, each almost 3 s
-- later, to get past a run of renewed entries. Gives the next cursor, what was taken over, what was gone, and whether it
-- has seen all: then nothing is left.
local ROUNDS = 200
local function take_over(stream, cursor, limit)
  local items, gone, may_wrap = {}, {}, cursor ~= '0-0'
  for _ = 1, ROUNDS do
    local found = redis.pcall('XAUTOCLAIM', stream, GROUP, ARGV[2], ARGV[3], cursor, 'COUNT', limit - #items)
    if found.err then
      -- A key of the wrong type is reported by its reader; keep sweeping the others.
      if not string.find(found.err, 'NOGROUP', 1, true) and not string.find(found.err, 'WRONGTYPE', 1, true) then
        error(found.err)
      end
      return '0-0', items, gone, false
    end
    for _, item in ipairs(found[2]) do items[#items + 1] = item end
    for _, entry in ipairs(found[3] or {}) do gone[#gone + 1] = entry end
    cursor = found[1]
    if #items >= limit then break end
    if cursor == '0-0' and not may_wrap then return cursor, items, gone, true end
    if cursor == '0-0' then may_wrap = false end
  end
  return cursor, items, gone, false
end

local function is_more_idle(stream)
  local found = redis.pcall('XPENDING', stream, GROUP, 'IDLE', ARGV[3], '-', '+', 1)
  return not found.err and #found > 0
end

for i = 2, #KEYS do
  local stream, at = KEYS[i], 6 + 3 * (i - 2)
  local cursor, items, removed, limit, left = ARGV[at + 1], {}, {}, tonumber(ARGV[at + 2]), 0
  -- While paused, no new work is taken on, but notices still go out.
  if paused == '' or ARGV[at] == 'notices' then
    local has_seen_all = false
    if limit > 0 then cursor, items, removed, has_seen_all = take_over(stream, cursor, limit) end
    left = not has_seen_all and is_more_idle(stream) and 1 or 0
  end
  local claimed = {}
  for _, item in ipairs(items) do
    local count = redis.call('XPENDING', stream, GROUP, item[1], item[1], 1)[1][4]
    local since = count
    if ARGV[at] == 'migrations' then
      local fields = {}
      for f = 1, #item[2], 2 do fields[item[2][f]] = item[2][f + 1] end
      local progress = redis.pcall('HMGET', ns .. 'migration:' .. (fields.request or '') .. ':' .. (fields.target or ''),
        'progress_entry', 'progress_count')
      if progress[1] == item[1] then since = count - (tonumber(progress[2]) or 0) end
    end
    -- Deliveries that a worker lost and outlived were not deaths.
    local outlived, past = redis.pcall('SMEMBERS', ns .. 'outlived:' .. ARGV[at] .. ':' .. item[1]), count - since
    for _, one in ipairs(outlived.err and {} or outlived) do
      if tonumber(one) > past and tonumber(one) < count then since = since - 1 end
    end
    claimed[#claimed + 1] = {item[1], item[2], count, since}
  end
  for _, gone in ipairs(removed) do entry_removed(ARGV[at], gone) end
  answers[i + 2] = {cursor, claimed, removed, left}
end
return answers
