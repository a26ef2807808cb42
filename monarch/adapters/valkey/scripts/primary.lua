#!lua flags=allow-oom
-- Note what an answer said of the calls that an account has left in this hour.
--
-- KEYS  1 primary:<account> (hash)
-- ARGV  1 prefix  2 calls left  3 ms until the hour begins anew
-- Gives the calls left that are on record now
--
-- Atomic, because of two answers of one hour the lower counts, whichever comes last: the other one was given earlier, or
-- does not know yet of what is under way. An hour begins where the one before has ended and never earlier, so the
-- time of its end tells the hours apart; it is told in whole seconds and comes with a delay, hence the slack.
local SLACK_MS = 10000
local now, left, known = now_ms(), tonumber(ARGV[2]), redis.call('HMGET', KEYS[1], 'remaining', 'until')
local till = now + tonumber(ARGV[3])
if known[1] then
  local later, kept = till - tonumber(known[2]), tonumber(known[1])
  if later < -SLACK_MS or later <= SLACK_MS and kept <= left then return kept end
  if later <= SLACK_MS then till = tonumber(known[2]) end
end
redis.call('HSET', KEYS[1], 'remaining', int(left), 'until', int(till))
redis.call('PEXPIRE', KEYS[1], math.max(1, till - now))
return left
