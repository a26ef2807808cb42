-- Shared by renew, sweep and audit: work was removed from its place by hand. Each piece of work is on record with the
-- entry that carries it, so what belongs to an open request is put back, or given up with a reason.

-- A migration needs only its names: it goes back into its stream, and what was copied is not copied again.
local function put_back(request, migration)
  if not queue_migration(request, migration) then return false end
  event('migration.restored', 'migration', migration)
  return true
end

-- Only its entry had the request's message.
local function give_up_request(request, entry)
  local key = ns .. 'request:' .. request
  local reason = WORDS.removed_unplanned
  bury('requests', entry, request, '', '', 'entry_trimmed', reason, '0', '0')
  redis.call('HSET', key, 'state', 'dead', 'code', 'entry_trimmed', 'reason', reason, 'ended_ms', int(now_ms()))
  redis.call('PERSIST', key)
  event('request.dead', 'request', request, 'code', 'entry_trimmed', 'reason', reason)
  close_unless_told_later(request)
  changed(request)
end

-- The owners of a stream's entries, by what is on record: looked up once in a call, and only if an entry was removed. With
-- 100,000 open requests that takes some tenths of a second, once, and a false *no owner* would be worse.
local owners = {}

local function owners_in(name)
  local found = {}
  for _, request in ipairs(redis.call('ZRANGE', ns .. 'open', 0, -1)) do
    if name == 'migrations' then
      for _, migration in ipairs(redis.call('SMEMBERS', ns .. 'unsettled:' .. request)) do
        local entry = redis.call('HGET', ns .. 'migration:' .. migration, 'entry')
        if entry then found[entry] = {request, migration} end
      end
    else
      local its = redis.call('HMGET', ns .. 'request:' .. request, name == 'notices' and 'notice_entry' or 'entry', 'card')
      if its[1] then found[its[1]] = {request} end
      local entry = name == 'notices' and its[2] and redis.call('HGET', ns .. 'card:' .. its[2], 'notice_entry')
      if entry then found[entry] = {request, nil, its[2]} end
    end
  end
  return found
end

local function owner_of(name, entry)
  owners[name] = owners[name] or owners_in(name)
  return unpack(owners[name][entry] or {}, 1, 3)
end

-- An entry that is pending and gone. If no request owns it, only its id is left, and that is reported.
local function entry_removed(name, entry)
  event('entry.trimmed', 'stream', name, 'entry', entry)
  local request, migration, card = owner_of(name, entry)
  if migration and put_back(request, migration) then return end
  if request and name == 'requests' then return give_up_request(request, entry) end
  if card then return notify_card(card) end
  if request and name == 'notices' then return notify_as_before(request) end
  bury(name, entry, '', '', '', 'entry_trimmed', WORDS.removed, '0', '0')
end
