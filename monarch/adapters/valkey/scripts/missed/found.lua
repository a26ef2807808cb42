#!lua
-- Record which repositories of an owner are missed.
--
-- KEYS  1 missed (hash)
-- ARGV  1 prefix  2 owner, in lower case  then pairs: repository's id, document (JSON: owner repository source channel created_ms)
-- Gives the ids that were not on record before.
--
-- Atomic, so that each is reported once, whichever worker found it and however often a sweep is repeated. A repository on
-- the owner's record that is not missed any more (it was asked for, archived, deleted, or is too old) leaves the record.
local MOST = 2000
local now, owner = now_ms(), ARGV[2]
local missed = {}
for i = 3, #ARGV, 2 do missed[ARGV[i]] = ARGV[i + 1] end

for id, packed in pairs(hash(KEYS[1])) do
  local ok, known = pcall(cjson.decode, packed)
  if not missed[id] and (not ok or type(known) ~= 'table' or known.owner == owner) then redis.call('HDEL', KEYS[1], id) end
end

local fresh = {}
for i = 3, #ARGV, 2 do
  local id = ARGV[i]
  if redis.call('HEXISTS', KEYS[1], id) == 0 and redis.call('HLEN', KEYS[1]) < MOST then
    local one = cjson.decode(ARGV[i + 1])
    one.found_ms = int(now)
    redis.call('HSET', KEYS[1], id, cjson.encode(one))
    event('repository.missed', 'target', one.repository, 'source', one.source, 'created_ms', one.created_ms)
    fresh[#fresh + 1] = id
  end
end
return fresh
