"""What Redis does as one step, in its own language."""

# What looking for an item comes to where it is not there.
TAKEN, OURS, FREE = 0, 1, 2
EVERYBODY = "everybody"  # holds the lease of what is not shared

# The item; else whether it is ours to make, because nobody else had the lease. An item that cannot
# be leased, as Redis is full or has nothing to do with it, is everybody's to make.
LOOK = f"""
local item = redis.call('GET', KEYS[1])
if item then return item end
local leased = redis.pcall('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2])
if leased and leased.err then return {FREE} end
if leased then return {OURS} end
if redis.call('GET', KEYS[2]) == '{EVERYBODY}' then return {FREE} end
return {TAKEN}
"""

# Keep what was made and give the lease back; all the same if there is no room for it.
STORE = """
local stored = redis.pcall('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
return stored
"""

# Give the lease back where nothing was made.
RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""

# Keep the lease for longer.
RENEW = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
"""

# Tokens of a bucket that is kept as the time, in µs, at which it will be full again. Given are what
# one token and the whole bucket take to come back, in µs, how many tokens are wanted, and how many
# come back now. The answer: how many are granted, how long it takes until the bucket is full then,
# and how long to wait where none was.
TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local token, full = tonumber(ARGV[1]), tonumber(ARGV[2])
local lacking = tonumber(redis.call('GET', KEYS[1]) or now) - now - ARGV[4] * token
lacking = math.min(math.max(lacking, 0), full)
local granted = math.min(tonumber(ARGV[3]), math.floor((full - lacking) / token))
if granted < 1 then return {0, lacking, lacking + token - full} end
lacking = lacking + granted * token
redis.call('SET', KEYS[1], string.format('%.0f', now + lacking), 'PX', math.ceil(lacking / 1000))
return {granted, lacking, 0}
"""

# Raise numbers of a hash, and lower none: names and numbers in turn. They have more digits than
# numbers can have here, so that they are compared as text.
RAISE = """
for i = 1, #ARGV, 2 do
    local known, new = redis.call('HGET', KEYS[1], ARGV[i]) or '0', ARGV[i + 1]
    if #known < #new or (#known == #new and known < new) then
        redis.call('HSET', KEYS[1], ARGV[i], new)
    end
end
return 0
"""
