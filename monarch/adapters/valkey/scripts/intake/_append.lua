-- Shared by mirror and submit: a message becomes a request.
-- `act` is nil where no person is named; else it says who asks, and if that is not for a copy, what for (`act`, else '')
-- and which earlier requests it builds on, with GitHub's id of their source, '' where it is not known.
local function append_request(stream, payload, via, now, act)
  local more, version = {}, VERSION
  if act and act.act ~= '' then more, version = {'act', act.act, 'bases', act.bases, 'by', act.by}, ACT_VERSION end
  if more[1] and (act.source_id or '') ~= '' then more[#more + 1], more[#more + 2] = 'source_id', act.source_id end
  local entry = redis.call('XADD', stream, '*', 'v', version, 'payload', payload, 'via', via, unpack(more))
  redis.call('HSET', ns .. 'request:' .. entry, 'state', 'queued', 'run', '1', 'version', '1',
    'via', via, 'entry', entry, 'appended_ms', int(now), unpack(more))
  -- For the planner's result alone: its migrations get it.
  if more[1] and (act.reached or '') ~= '' then redis.call('HSET', ns .. 'request:' .. entry, 'reached', act.reached) end
  local by = act and act.by ~= '' and {'by', act.by} or {}
  if by[2] then redis.call('HSET', ns .. 'request:' .. entry, 'asked_by', by[2]) end
  redis.call('ZADD', ns .. 'known', int(now), entry)
  open(entry)
  event('request.appended', 'request', entry, 'via', via, unpack(by))
  return entry
end

