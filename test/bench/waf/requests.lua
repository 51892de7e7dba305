-- Requests for wrk that all differ, of the kinds of requests.ts. Arguments: kind (get, args, form, json), seed.
local words = {}
for word in ("account address amount basket brand browser button camera card city client color comment company contact country coupon customer date detail discount email event family field first format garden group holiday image invoice item language last letter level local login market member message mobile model month movie music name nature network number office option order owner page paper parent partner payment people person phone photo place player point price product profile project public quality question reason record region report result review school season section service shipping size sort source status store street style subject summer system team term ticket title total travel update value vendor version video village visit weather website week weight window winter world year"):gmatch("%a+") do
  words[#words + 1] = word
end
local random, format = math.random, string.format
local kind, serial = "get", 0

local function pick() return words[random(#words)] end
local function id()
  serial = serial + 1
  return format("k%xr%x", random(0x7ffffff), serial)
end
local function value(join)
  local which = random(8)
  if which == 1 then return pick() .. random(1000000) end
  if which == 2 then return pick() .. join .. pick() .. join .. random(100000) end
  if which == 3 then return tostring(random(0x7fffffff)) end
  if which == 4 then return format("20%02d-%02d-%02d", random(10, 29), random(10, 12), random(10, 28)) .. join .. id() end
  if which == 5 then return pick() .. "." .. id() .. (join == "+" and "%40" or "@") .. pick() .. ".example" end
  if which == 6 then return id() end
  if which == 7 then return random(10000) .. "." .. random(10000) end
  return pick() .. join .. pick() .. join .. pick() .. join .. pick() .. join .. random(100000) .. "."
end
local function path() return format("/%s/%s-%d/%s", pick(), pick(), random(1000000), id()) end
local function pairs_of(count)
  local out = {}
  for at = 1, count do out[at] = pick() .. random(1000) .. "=" .. value("+") end
  return table.concat(out, "&")
end
local function json()
  local out = {}
  for at = 1, 30 do
    out[at] = format('{"id":%d,"name":"%s","mail":"%s","active":%s,"price":%d.%02d,"tags":["%s","%s"],"note":"%s","seen":"20%02d-11-%02d","ref":"%s"}',
      random(0x7fffffff), value(" "), value(" "), random(2) == 1 and "true" or "false", random(100), random(10, 99), pick(), id(), value(" "), random(10, 29), random(10, 28), id())
  end
  return '{"items":[' .. table.concat(out, ",") .. "]}"
end

function init(args)
  kind = args[1] or "get"
  math.randomseed(tonumber(args[2] or "1"))
  serial = tonumber(args[2] or "1") * 0x100000
end

function request()
  local headers = {
    ["Host"] = "www." .. pick() .. ".example",
    ["User-Agent"] = format("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.%d.%d Safari/537.36", random(90, 139), random(7000), random(300)),
    ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    ["Accept-Language"] = "en-US,en;q=0.9",
    ["Accept-Encoding"] = "gzip, deflate, br",
    ["Cookie"] = "session=" .. id() .. id() .. "; theme=" .. pick() .. random(1000),
    ["Referer"] = "https://www." .. pick() .. ".example/" .. pick() .. "/" .. random(100000),
  }
  if kind == "get" then return wrk.format("GET", path(), headers) end
  if kind == "args" then return wrk.format("GET", path() .. "?" .. pairs_of(10), headers) end
  headers["Content-Type"] = kind == "json" and "application/json" or "application/x-www-form-urlencoded"
  return wrk.format("POST", path(), headers, kind == "json" and json() or pairs_of(20))
end

function done(summary)
  io.write(format("RESULT %d %d %d\n", summary.requests, summary.duration, summary.errors.status))
end
