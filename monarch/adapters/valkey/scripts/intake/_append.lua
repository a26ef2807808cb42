-- Shared by mirror and submit: a message becomes a request.
-- `act` is nil for a request to copy; else it names what is asked for, by whom, and which earlier requests it builds on.
local function append_request(stream, payload, via, now, act)
  local more, version = {}, VERSION
  if act then more, version = {'act', act.act, 'bases', act.bases, 'by', act.by}, ACT_VERSION end
  local entry = redis.call('XADD', stream, '*', 'v', version, 'payload', payload, 'via', via, unpack(more))
  redis.call('HSET', ns .. 'request:' .. entry, 'state', 'queued', 'run', '1', 'version', '1',
    'via', via, 'entry', entry, 'appended_ms', int(now), unpack(more))
  redis.call('ZADD', ns .. 'known', int(now), entry)
  open(entry)
  event('request.appended', 'request', entry, 'via', via)
  return entry
end

