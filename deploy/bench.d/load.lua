-- What wrk asks and how it reports, for deploy/bench.
--
--   wrk ... -s load.lua URL -- METHOD [IDS]
--
-- With IDS, each request adds one of /grown-000001 to /grown-IDS to the URL.
-- The last line of output: requests, microseconds, p50, p99 (microseconds),
-- and how many requests failed.

function init(arguments)
    wrk.method = arguments[1] or "GET"
    local ids = tonumber(arguments[2])
    if ids then
        local path = wrk.path
        request = function()
            return wrk.format(nil, string.format("%s/grown-%06d", path, math.random(ids)))
        end
    end
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format("%d %d %d %d %d\n", summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99),
        errors.status + errors.timeout + errors.read + errors.write + errors.connect))
end
