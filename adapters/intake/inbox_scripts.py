"""The Lua scripts of the inbox. Each is atomic and uses the server's clock.

A full Redis refuses a script whose first write needs memory, so each begins with a write that needs none.
"""

from typing import Final

CLAIM: Final = """
local pending, claimed, starts = KEYS[1], KEYS[2], KEYS[3]
local batch = ARGV[1]
local most_callbacks, most_bytes, lease = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function forget(id)
  redis.call('DEL', batch .. id)
  redis.call('ZREM', pending, id)
  redis.call('ZREM', claimed, id)
  redis.call('HDEL', starts, id)
end

for i = 5, #ARGV do forget(ARGV[i]) end

local taken, callbacks, bytes = {}, 0, 0

local function begun(id)
  return tonumber(string.match(redis.call('HGET', starts, id) or '', '^%d%d?%d?%d?%d?$')) or 0
end

-- Another program writes here: the value under that name is not ours.
local function drop(id)
  redis.call('ZREM', pending, id)
  redis.call('ZREM', claimed, id)
  return true
end

-- Claims a batch; false: the group is complete without it.
local function claim(id, suspect)
  if not string.match(id, '^[%w%.%-]+$') then return drop(id) end
  local sealed = redis.pcall('GET', batch .. id)
  if type(sealed) == 'table' then
    if string.find(sealed.err, 'WRONGTYPE', 1, true) then return drop(id) end
    error(sealed.err)
  end
  if not sealed then
    forget(id)
    return true
  end
  local count = tonumber(string.match(id, '%.(%d+)$')) or 1
  local full = callbacks + count > most_callbacks or bytes + #sealed > most_bytes
  if callbacks > 0 and (suspect or full) then return false end
  callbacks, bytes = callbacks + count, bytes + #sealed
  redis.call('ZREM', pending, id)
  redis.call('ZADD', claimed, now + lease, id)
  table.insert(taken, id)
  table.insert(taken, begun(id))
  redis.call('HSET', starts, id, begun(id) + 1)
  table.insert(taken, sealed)
  return not suspect
end

local lapsed = redis.call('ZRANGEBYSCORE', claimed, '-inf', now, 'LIMIT', 0, most_callbacks)
for _, id in ipairs(redis.call('ZRANGEBYSCORE', claimed, '(' .. now + 2 * lease, '+inf', 'LIMIT', 0, 16)) do
  table.insert(lapsed, id)
end
for _, id in ipairs(lapsed) do
  if not claim(id, begun(id) > 0) then
    return {redis.call('ZCARD', pending) + #lapsed, taken}
  end
end
for _, id in ipairs(redis.call('ZRANGE', pending, 0, most_callbacks - 1)) do
  if not claim(id, false) then break end
end
return {redis.call('ZCARD', pending), taken}
"""
"""KEYS: pending, claimed, starts. ARGV: the prefix of a batch's key, the most callbacks and bytes of a group,
the lease in ms, then the ids of recorded batches, which are deleted first.

Batches whose lease has ended come first. One that was claimed before and not postponed may have killed its
worker: it is claimed alone, so that no other batch is suspected with it. A lease that ends impossibly late
comes from a wrong clock. Returns an upper bound of the batches that still wait, and for each claimed batch
its id, how often it was claimed before, and its bytes."""

POSTPONE: Final = """
local clock = redis.call('TIME')
local until_ms = clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[1])
for i = 2, #ARGV do
  redis.call('HDEL', KEYS[2], ARGV[i])
  redis.call('ZADD', KEYS[1], 'XX', until_ms, ARGV[i])
end
"""
"""KEYS: claimed, starts. ARGV: the pause in ms, then the ids."""

RENEW: Final = """
redis.call('ZREM', KEYS[1], '')
local clock = redis.call('TIME')
local until_ms = clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[1])
for i = 2, #ARGV do
  redis.call('ZADD', KEYS[1], 'XX', until_ms, ARGV[i])
end
"""
"""KEYS: claimed. ARGV: the lease in ms, then the ids. No batch has the id that is removed."""

SET_ASIDE: Final = """
if redis.call('ZREM', KEYS[1], ARGV[1]) == 1 then
  local clock = redis.call('TIME')
  redis.call('ZADD', KEYS[2], clock[1] * 1000 + math.floor(clock[2] / 1000), ARGV[1])
end
redis.call('HDEL', KEYS[3], ARGV[1])
"""
"""KEYS: claimed, unreadable, starts. ARGV: the id."""

TAKE_BACK: Final = """
local clock = redis.call('TIME')
local before = clock[1] * 1000 + math.floor(clock[2] / 1000) - tonumber(ARGV[1])
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', before, 'LIMIT', 0, 1000)
for _, id in ipairs(ids) do
  redis.call('ZREM', KEYS[1], id)
  redis.call('ZADD', KEYS[2], 0, id)
end
return #ids
"""
"""KEYS: unreadable, claimed. ARGV: the minimum time that a batch was set aside, in ms."""
