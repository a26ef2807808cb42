#!lua flags=allow-oom
-- Which repository did this migration take last, when was its request planned, and when was its act asked for?
--
-- KEYS  1 migration:<id> (hash)  2 request:<id> (hash)
-- ARGV  1 prefix
-- Gives GitHub's id of the repository, or nothing, and two moments in ms, or nothing.
--
-- Atomic, so that all are of one moment.
return {redis.call('HGET', KEYS[1], 'target_id'), redis.call('HGET', KEYS[2], 'planned_ms'), redis.call('HGET', KEYS[1], 'act_ms')}
