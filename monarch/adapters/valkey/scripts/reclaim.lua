#!lua flags=allow-oom
-- Take over deliveries that are idle for longer than the lease.
--
-- KEYS  the streams to look into
-- ARGV  1 prefix  2 consumer  3 lease, ms  then for each stream: its name, cursor, how many at most
-- Gives for each stream {next cursor, {{entry, fields, count, deliveries since the last progress}...}, {gone entry...}}
--
-- Atomic, so that the count that is read is the one of this very claim: it is the new fencing token. The cursor is
-- kept by the caller, because XAUTOCLAIM looks at COUNT x 10 entries a call and would never pass a front of entries
-- that are renewed (facts on Valkey Streams, no. 11).
local answers = {}
for i = 1, #KEYS do
  local stream, at = KEYS[i], 4 + 3 * (i - 1)
  local found = redis.pcall('XAUTOCLAIM', stream, GROUP, ARGV[2], ARGV[3], ARGV[at + 1], 'COUNT', ARGV[at + 2])
  if found.err then
    if not string.find(found.err, 'NOGROUP', 1, true) then error(found.err) end
    found = {'0-0', {}, {}}
  end
  local claimed = {}
  for _, item in ipairs(found[2]) do
    local count = redis.call('XPENDING', stream, GROUP, item[1], item[1], 1)[1][4]
    local since = count
    if ARGV[at] == 'migrations' then
      local fields = {}
      for f = 1, #item[2], 2 do fields[item[2][f]] = item[2][f + 1] end
      local progress = redis.call('HMGET', ns .. 'migration:' .. (fields.request or '') .. ':' .. (fields.target or ''),
        'progress_entry', 'progress_count')
      if progress[1] == item[1] then since = count - tonumber(progress[2]) end
    end
    claimed[#claimed + 1] = {item[1], item[2], count, since}
  end
  for _, gone in ipairs(found[3] or {}) do bury_stub(ARGV[at], gone) end
  answers[i] = {found[1], claimed, found[3] or {}}
end
return answers
