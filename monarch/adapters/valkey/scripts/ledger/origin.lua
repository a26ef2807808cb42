#!lua flags=allow-oom
-- Which repository did this migration take last, or is it about from the start; when was its request planned, and when was
-- its act asked for?
--
-- KEYS  1 migration:<id> (hash)  2 request:<id> (hash)
-- ARGV  1 prefix
-- Gives GitHub's id of the repository, or nothing, and two moments in ms, or nothing.
--
-- Atomic, so that all are of one moment.
local its = redis.call('HMGET', KEYS[1], 'target_id', 'known_id', 'act_ms')
return {its[1] or its[2], redis.call('HGET', KEYS[2], 'planned_ms'), its[3]}
