#!lua flags=allow-oom
-- Remove a consumer where it holds nothing.
--
-- KEYS  the streams
-- ARGV  1 prefix  2 consumer
-- Gives in how many groups it was removed.
--
-- Atomic, because XGROUP DELCONSUMER drops what is pending: nothing may be handed out between the look and the deed.
local removed = 0
for _, stream in ipairs(KEYS) do
  local consumers = redis.pcall('XINFO', 'CONSUMERS', stream, GROUP)
  for _, flat in ipairs(consumers.err and {} or consumers) do
    local fields = {}
    for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
    if fields.name == ARGV[2] and fields.pending == 0 then
      redis.call('XGROUP', 'DELCONSUMER', stream, GROUP, ARGV[2])
      removed = removed + 1
    end
  end
end
return removed
