-- What wrk asks and how it reports, for deploy/bench.
--
--   wrk ... -s load.lua URL -- METHOD [IDS [BODY]]
--
-- With IDS, each request adds one of /grown-000001 to /grown-IDS to the URL, without the slash where it ends in `=`; a PUT
-- changes a property.
-- With BODY, each sends that file's bytes, and a URL that ends in `-` gets a
-- number that never comes twice.
-- The last line of output: requests, microseconds, p50, p99 (microseconds),
-- and how many requests failed.

function init(arguments)
    wrk.method = arguments[1] or "GET"
    local ids = tonumber(arguments[2])
    local path = wrk.path
    if ids then
        local slash = path:sub(-1) == "=" and "" or "/"
        request = function()
            if wrk.method == "PUT" then
                wrk.headers["x-image-meta-property-run"] = tostring(math.random(1000000000))
            end
            return wrk.format(nil, string.format("%s%sgrown-%06d", path, slash, math.random(ids)))
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
