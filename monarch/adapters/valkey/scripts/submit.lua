#!lua
-- Append a request directly, once for each submission.
--
-- KEYS  1 inbox:<submission> (hash)   2 requests (stream)
-- ARGV  1 prefix  2 payload  3 via  4 how long a submission is remembered, ms
-- Gives the request id; the same one however often the submission is repeated.
--
-- Atomic, so that a submission whose answer was lost can be repeated without a second request. On a server that was
-- never written to it opens the epoch: a fleet that starts later must not take this write for the sign of an older one.
local inbox, requests = KEYS[1], KEYS[2]
local before = redis.call('HGET', inbox, 'entry')
if before then return before end
open_first_epoch(now_ms())
local entry = append_request(requests, ARGV[2], ARGV[3], now_ms())
redis.call('HSET', inbox, 'entry', entry)
redis.call('PEXPIRE', inbox, ARGV[4])
return entry
