#!lua flags=allow-oom
-- Hand back what a consumer still holds, and remove the consumer.
--
-- KEYS  the streams
-- ARGV  1 prefix  2 consumer
-- Gives in how many groups it was removed.
--
-- It holds what it could not settle in its last seconds, and what it received by an answer that was lost: it does not know
-- of that, and no other worker would get it before its lease is over.
--
-- Atomic, because XGROUP DELCONSUMER drops what is pending: nothing may be handed out between the look and the removal.
local AT_ONCE = 1000

local function hand_all_back(stream)
  local held = redis.pcall('XPENDING', stream, GROUP, '-', '+', AT_ONCE, ARGV[2])
  for _, one in ipairs(held.err and {} or held) do hand_back(stream, one[1], one[4]) end
end

local removed = 0
for _, stream in ipairs(KEYS) do
  hand_all_back(stream)
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
