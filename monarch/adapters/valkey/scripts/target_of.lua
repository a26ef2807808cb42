#!lua flags=allow-oom
-- Which repository did this migration take last?
--
-- KEYS  1 migration:<id> (hash)
-- ARGV  1 prefix
-- Gives GitHub's id of it, or nothing.
return redis.call('HGET', KEYS[1], 'target_id')
