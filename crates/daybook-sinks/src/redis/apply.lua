-- Adds what events up to a position add, and moves the offset there, or does neither.
--
-- KEYS[1]  the state: a hash with the offset
-- ARGV     the offset as it must be, the offset afterwards, and the number of hashes of counts; for each of these its key, what
--          the keys of its sketches begin with, the most fields it may have, the second it expires in, and the number of
--          entries; for each entry a field, what it gets, the number of people, and the people.
--
-- Answers with the offset as it is now; with -1 where there is none.
--
-- Redis does not undo what a script did before it failed. So everything that may fail comes first: hashes are read, which finds
-- keys of other types, and people are added to sketches, which may be done twice. After that nothing can fail.

local stored = redis.call('HGET', KEYS[1], 'offset')
if not stored then return '-1' end
if stored ~= ARGV[1] then return stored end

local at = 2
local function take()
  at = at + 1
  return ARGV[at]
end

local other = '~other'
local written = {}
for _ = 1, tonumber(take()) do
  local key, people, most, expiry, entries = take(), take(), tonumber(take()), take(), tonumber(take())
  local length = redis.call('HLEN', key)
  local counts = {}
  for _ = 1, entries do
    local field, by, persons = take(), tonumber(take()), tonumber(take())
    local count = counts[field]
    if count == nil then
      count = redis.call('HGET', key, field)
      if not count and length >= most then
        field = other
        count = counts[field] or redis.call('HGET', key, field)
      end
      if not count then
        length = length + 1
        count = 0
      end
      count = tonumber(count)
      if count == nil then return redis.error_reply('NOTANUMBER a count is not a number') end
    end
    counts[field] = count + by
    if persons > 0 then
      local sketch = people .. field
      redis.call('PFADD', sketch, unpack(ARGV, at + 1, at + persons))
      redis.call('EXPIREAT', sketch, expiry)
      at = at + persons
    end
  end
  written[#written + 1] = { key, expiry, counts }
end

for _, hash in ipairs(written) do
  for field, count in pairs(hash[3]) do
    redis.call('HSET', hash[1], field, string.format('%.17g', count))
  end
  redis.call('EXPIREAT', hash[1], hash[2])
end
redis.call('HSET', KEYS[1], 'offset', ARGV[2])
return ARGV[2]
