#!lua flags=allow-oom
-- Which repository did this migration take last?
--
-- KEYS  1 migration:<id> (hash)
-- ARGV  1 prefix
-- Gives GitHub's id of the repository, or nothing.
--
-- Atomic, as any single command is. It is a script because it travels in one batch with the others.
return redis.call('HGET', KEYS[1], 'target_id')
