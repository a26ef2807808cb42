#!lua
-- Record that a missed repository was asked for.
--
-- KEYS  1 missed (hash)
-- ARGV  1 prefix  2 repository's id  3 request  4 by whom
-- Gives 1 where the repository is on record as missed, else 0.
--
-- Atomic, so that the event and the record agree.
local known = redis.call('HGET', KEYS[1], ARGV[2])
local one = known and cjson.decode(known) or {}
event('repository.asked', 'request', ARGV[3], 'target', one.repository or '', 'by', ARGV[4])
if not known then return 0 end
one.request, one.by = ARGV[3], ARGV[4]
redis.call('HSET', KEYS[1], ARGV[2], cjson.encode(one))
return 1
