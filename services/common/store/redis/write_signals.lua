-- Writes signals of one pair; Redis runs a script as one step, so the pair's keys change together.
--
-- The sorted set keeps every revision at the time when it became available, because a candle is decided on the highest
-- one before its close, also when a later one is there already. The list and the current hash show the highest only.
-- A revision that comes after a higher one is a duplicate: no candle could ever count it.
--
-- KEYS  the current hash, the list, the sorted set and the hash of ids (see keys.py)
-- ARGV  1 now in ms, 2 now in ISO 8601 (with milliseconds), 3 the oldest ms that the sorted set keeps,
--       4 the oldest publication that is fresh (ISO 8601), 5 expiry in seconds or 0,
--       6 the latest ms that another clock may rightly have, then two for each signal: "revision|scope|trusted or
--       doubtful|published|article_id|model" and its JSON without available_at and without the closing brace
-- Returns one letter for each signal: N newest (it is the current one now), K kept, D duplicate.
--
-- Strings are compared byte by byte: Lua's own `<` follows the locale that the server was started in.

local CURRENT, LIST, SET, IDS = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local NOW, NOW_ISO, OLDEST, FRESH_FROM, TTL = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local LATEST, FIRST_SIGNAL, LIST_LENGTH = ARGV[6], 7, 100
local call, byte, match, floor = redis.call, string.byte, string.match, math.floor

local function bytes_less(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = byte(a, i), byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

-- `second` is a number (20251029100530) because it decides nearly always.
local function make(revision, scope, is_trusted, published, article_id, model, available_at)
  local year, month, day, hour, minute, second = match(published, '^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)')
  return {
    revision = tonumber(revision), scope = scope, is_trusted = is_trusted,
    published = published, available_at = available_at,
    article_id = article_id, model = model, id = article_id .. '|' .. model,
    second = tonumber(year .. month .. day .. hour .. minute .. second),
  }
end

local function newer(a, b)
  if a.second ~= b.second then return a.second > b.second end
  for _, field in ipairs({'published', 'available_at', 'article_id', 'model'}) do
    if a[field] ~= b[field] then return bytes_less(b[field], a[field]) end
  end
  return false
end

local function is_fresh(signal)
  return not bytes_less(signal.published, FRESH_FROM)
end

-- What may be the current signal goes by rank, then by newness: of the fresh ones a trusted one before a doubtful one,
-- then one about the asset before one about the market. All others are of rank 0.
local function rank(signal)
  if not is_fresh(signal) then return 0 end
  return (signal.is_trusted and 2 or 0) + (signal.scope == 'asset' and 1 or 0)
end

local function better(a, b)
  local ranks, others = rank(a), rank(b)
  if ranks ~= others then return ranks > others end
  return newer(a, b)
end

-- `suspected` and `weight` are not there in what an older version wrote.
local function is_trusted(suspected, weight)
  return not suspected and tonumber(weight or 1) > 0
end

local parsed = {}
local function parse(member)
  if not parsed[member] then
    local s = cjson.decode(member)
    local signal = make(
      s.revision, s.scope, is_trusted(s.suspected, s.weight), s.published, s.article_id, s.model, s.available_at)
    signal.member = member
    parsed[member] = signal
  end
  return parsed[member]
end

-- Reads first: a key of another type is found out before anything has been written.
local incoming, ids = {}, {}
for i = FIRST_SIGNAL, #ARGV, 2 do
  local revision, scope, trust, published, article_id, model =
    match(ARGV[i], '^(%d+)|(%a+)|(%a+)|([^|]+)|([^|]+)|(.*)$')
  incoming[#incoming + 1] = {revision, scope, trust == 'trusted', published, article_id, model, ARGV[i + 1]}
  ids[#ids + 1] = article_id .. '|' .. model
end
local revisions = {}
for i, revision in ipairs(call('HMGET', IDS, unpack(ids))) do
  revisions[ids[i]] = tonumber(revision or nil)
end
local last = call('ZREVRANGEBYSCORE', SET, LATEST, '-inf', 'WITHSCORES', 'LIMIT', 0, 1)
local stored = call('HMGET', CURRENT,
  'revision', 'scope', 'suspected', 'published', 'article_id', 'model', 'available_at', 'weight')
local head = call('LINDEX', LIST, 0)
head = head and parse(head)
local current = nil
if stored[7] then
  stored[3] = is_trusted(stored[3] == 'true', stored[8] or nil)
  current = make(unpack(stored, 1, 7))
end

-- A reader goes on from the last available_at it saw, so a clock that stepped back a little must not undercut it. What
-- a clock wrote that was far ahead is no measure: all news would wait until that time comes.
local available, available_iso = NOW, NOW_ISO
if last[2] and tonumber(last[2]) > tonumber(NOW) then
  available, available_iso = last[2], match(last[1], '"available_at":"([^"]+)"}$')
end

local entries             -- the list, once somebody had to read it
local is_rewritten = false  -- the list is written as a whole in the end
local must_rebuild = not current  -- the first signal of all, or somebody deleted the hash
-- The best that is known of rank 1 and above; where there is none the newest of all is current. While the current one is
-- fresh none of the others has become better; when it is stale a fresh one may have been behind it all the time.
local best = current and rank(current) > 0 and current or nil
if current and head and not is_fresh(current) and is_fresh(head) then must_rebuild = true end

local function read_list()
  entries = entries or call('LRANGE', LIST, 0, -1)
end

local function insert(signal)
  local position = 1
  if head and not newer(signal, head) then
    read_list()
    local high = #entries + 1
    while position < high do
      local middle = floor((position + high) / 2)
      if newer(signal, parse(entries[middle])) then high = middle else position = middle + 1 end
    end
    if position > LIST_LENGTH then return end
  else
    head = signal
  end
  if not is_rewritten then
    if position == 1 then
      call('LPUSH', LIST, signal.member)
    elseif position > #entries then
      call('RPUSH', LIST, signal.member)
    else
      call('LINSERT', LIST, 'BEFORE', entries[position], signal.member)
    end
  end
  if entries then table.insert(entries, position, signal.member) end
end

-- List and hash show a signal's highest revision only. A revision that ranks behind its predecessor may give the
-- place to any signal of the sorted set.
local function take_out_predecessor(signal)
  read_list()
  is_rewritten = true
  for position, member in ipairs(entries) do
    local listed = parse(member)
    if listed.id == signal.id then
      table.remove(entries, position)
      must_rebuild = must_rebuild or newer(listed, signal)
      break
    end
  end
  head = entries[1] and parse(entries[1])
  if best and best.id == signal.id then
    must_rebuild = must_rebuild or better(best, signal)
    best = nil
  end
end

local accepted, scores, id_pairs = {}, {}, {}
for i, s in ipairs(incoming) do
  local known, revision = revisions[ids[i]], tonumber(s[1])
  if not known or known < revision then
    local signal = make(s[1], s[2], s[3], s[4], s[5], s[6], available_iso)
    signal.member = s[7] .. ',"available_at":"' .. available_iso .. '"}'
    parsed[signal.member] = signal
    accepted[i] = signal
    revisions[ids[i]] = revision
    if known then take_out_predecessor(signal) end
    insert(signal)
    scores[#scores + 1] = available
    scores[#scores + 1] = signal.member
    id_pairs[#id_pairs + 1] = signal.id
    id_pairs[#id_pairs + 1] = s[1]
    if rank(signal) > 0 and (not best or better(signal, best)) then best = signal end
  end
end
if #scores == 0 then return string.rep('D', #incoming) end
call('ZADD', SET, unpack(scores))
call('HSET', IDS, unpack(id_pairs))

local moved = {}  -- lists of members that may have left the list or the sorted set

local function rebuild()
  read_list()
  moved[1] = entries
  local latest, sorted = {}, {}
  for _, members in ipairs({call('ZRANGE', SET, 0, -1), entries}) do
    for _, member in ipairs(members) do
      local signal = parse(member)
      local other = latest[signal.id]
      if not other or other.revision < signal.revision then latest[signal.id] = signal end
    end
  end
  for _, signal in pairs(latest) do sorted[#sorted + 1] = signal end
  table.sort(sorted, newer)
  entries, head, is_rewritten = {}, sorted[1], true
  for i = 1, math.min(#sorted, LIST_LENGTH) do entries[i] = sorted[i].member end
  local is_known = not current or latest[current.id]
  best = not is_known and rank(current) > 0 and current or nil
  for _, signal in ipairs(sorted) do
    if rank(signal) > 0 and (not best or better(signal, best)) then best = signal end
  end
end
if must_rebuild then rebuild() end
if is_rewritten then
  call('DEL', LIST)
  call('RPUSH', LIST, unpack(entries))
end

local overflow = call('LRANGE', LIST, LIST_LENGTH, -1)
if #overflow > 0 then
  call('LTRIM', LIST, 0, LIST_LENGTH - 1)
  moved[#moved + 1] = overflow
end
local expired = call('ZRANGEBYSCORE', SET, '-inf', '(' .. OLDEST)
if #expired > 0 then
  call('ZREMRANGEBYSCORE', SET, '-inf', '(' .. OLDEST)
  moved[#moved + 1] = expired
end
-- An id is kept as long as its highest revision is in the list or in the sorted set.
if #moved > 0 then
  local listed = {}
  if must_rebuild or #expired > 0 then
    for _, member in ipairs(call('LRANGE', LIST, 0, -1)) do listed[member] = true end
  end
  for _, members in ipairs(moved) do
    for _, member in ipairs(members) do
      if not listed[member] and not call('ZSCORE', SET, member) then
        local signal = parse(member)
        local highest = revisions[signal.id] or tonumber(call('HMGET', IDS, signal.id)[1] or nil)
        if highest == signal.revision then call('HDEL', IDS, signal.id) end
      end
    end
  end
end

local winner = best or head
if not current or current.id ~= winner.id or current.revision ~= winner.revision then
  local s = cjson.decode(winner.member)
  call('HSET', CURRENT,
    'score', match(winner.member, '"sentiment_score":([^,}]+)'), 'label', s.sentiment_label,
    'timestamp', s.analyzed_at, 'headline', s.headline, 'source', s.source, 'article_id', s.article_id,
    'confidence', match(winner.member, '"confidence":([^,}]+)'), 'scope', s.scope, 'model', s.model,
    'degraded', tostring(s.degraded), 'published', s.published, 'available_at', s.available_at,
    'revision', tostring(s.revision), 'owner', s.owner or '', 'suspected', tostring(s.suspected or false),
    'weight', match(winner.member, '"weight":([^,}]+)') or '1.0', 'event_type', s.event_type or 'other')
end
for _, key in ipairs(KEYS) do
  if TTL > 0 then call('EXPIRE', key, TTL) else call('PERSIST', key) end
end

local letters = {}
for i = 1, #incoming do
  local signal = accepted[i]
  if not signal then
    letters[i] = 'D'
  elseif signal.id == winner.id and signal.revision == winner.revision then
    letters[i] = 'N'
  else
    letters[i] = 'K'
  end
end
return table.concat(letters)
