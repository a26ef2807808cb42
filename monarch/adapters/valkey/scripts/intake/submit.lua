#!lua
-- Append a request directly, once for each submission.
--
-- KEYS  1 inbox:<submission> (hash)   2 requests (stream)
-- ARGV  1 prefix  2 payload  3 via  4 how long a submission is remembered, ms
--       and if it is known who asks: 5 act, '' to copy  6 earlier requests that it builds on, a space between  7 by whom
--       8 GitHub's id of the source of these requests, '' where it is not known  9 each target and its id, a space
--       between, in lines
-- Gives {what, request id}: 'new', 'same' if this message was submitted before, 'other' if another one was.
--
-- Atomic, so that a submission whose answer was lost can be repeated without a second request. On a server that was
-- never written to it opens the epoch: a fleet that starts later must not take this write for a sign of an older memory.
local inbox, requests = KEYS[1], KEYS[2]
local wrong = of_another_type(inbox, 'hash') or in_the_way({'requests', 'known', 'open'})
if wrong then return wrong end
local before = redis.call('HMGET', inbox, 'entry', 'digest')
local digest = redis.sha1hex(ARGV[2])
if before[1] then return {(before[2] or digest) == digest and 'same' or 'other', before[1]} end
open_first_epoch(now_ms())
local entry = append_request(requests, ARGV[2], ARGV[3], now_ms(), ARGV[5] and {act = ARGV[5], bases = ARGV[6], by = ARGV[7], source_id = ARGV[8], reached = ARGV[9]})
redis.call('HSET', inbox, 'entry', entry, 'digest', digest)
redis.call('PEXPIRE', inbox, ARGV[4])
return {'new', entry}
