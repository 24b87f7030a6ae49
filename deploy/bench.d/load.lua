-- What wrk asks and how it reports, for deploy/bench.
--
--   wrk ... -s load.lua URL -- METHOD [IDS [BODY]]
--
-- With IDS, each request adds one of /grown-000001 to /grown-IDS to the URL; a PUT changes a property.
-- A URL that ends in `size_max=` gets a number beyond every image's size, another one each time: a list that nobody has
-- asked for lately.
-- With BODY, each sends that file's bytes, and a URL that ends in `-` gets a
-- number that never comes twice.
-- The last line of output: requests, microseconds, p50, p99 (microseconds),
-- and how many requests failed.

function init(arguments)
    wrk.method = arguments[1] or "GET"
    local ids = tonumber(arguments[2])
    local path = wrk.path
    if ids then
        request = function()
            if wrk.method == "PUT" then
                wrk.headers["x-image-meta-property-run"] = tostring(math.random(1000000000))
            end
            return wrk.format(nil, string.format("%s/grown-%06d", path, math.random(ids)))
        end
    end
    if path:sub(-9) == "size_max=" then
        request = function()
            return wrk.format(nil, path .. (1000000000000 + math.random(1000000000)))
        end
    end
    if (arguments[3] or "") ~= "" then
        local file = assert(io.open(arguments[3], "rb"))
        wrk.body = file:read("*a")
        file:close()
        if path:sub(-1) == "-" then
            local run, number = os.time(), 0
            request = function()
                number = number + 1
                return wrk.format(nil, path .. run .. "-" .. number)
            end
        end
    end
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format("%d %d %d %d %d\n", summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99),
        errors.status + errors.timeout + errors.read + errors.write + errors.connect))
end
