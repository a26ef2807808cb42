-- Shared by mirror and submit: a message becomes a request.
local function append_request(stream, payload, via, now)
  local entry = redis.call('XADD', stream, '*', 'v', VERSION, 'payload', payload, 'via', via)
  redis.call('HSET', ns .. 'request:' .. entry, 'state', 'queued', 'run', '1', 'version', '1',
    'via', via, 'entry', entry, 'appended_ms', int(now))
  redis.call('ZADD', ns .. 'known', int(now), entry)
  open(entry)
  event('request.appended', 'request', entry, 'via', via)
  return entry
end

