#!lua flags=allow-oom
-- Renew the leases of everything that a worker holds.
--
-- KEYS  1 requests (stream; names the slot)
-- ARGV  1 prefix  2 consumer  3 lease, ms  then for each delivery: stream, entry, count, target id or ''
-- Gives a list of 1 (renewed) and 0 (lost), in that order.
--
-- Atomic, because a bare XCLAIM takes the entry from any holder: a worker that was frozen past its lease would
-- steal it back from its new holder. Extends the target's lock with the entry, so that neither outlives the other.
local consumer, lease = ARGV[2], ARGV[3]
local answers = {}
for i = 4, #ARGV, 4 do
  local stream, entry, count, target = ns .. ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local held = still_holds(stream, consumer, entry, count)
  if held then
    -- XCLAIM silently drops an entry that is gone from the pending ones, and it would never be reported.
    held = #redis.call('XCLAIM', stream, GROUP, consumer, 0, entry, 'JUSTID') == 1
    if not held then entry_removed(ARGV[i], entry) end
    if held and target ~= '' then
      local lock = ns .. 'target:' .. target
      -- One lock of another type must not cost all the others their leases.
      local holder = redis.pcall('GET', lock)
      if type(holder) == 'string' and string.find(holder, consumer .. ' ' .. entry .. ' ' .. count .. ' ', 1, true) == 1 then
        redis.call('PEXPIRE', lock, lease)
      end
    end
  end
  answers[#answers + 1] = held and 1 or 0
end
return answers
