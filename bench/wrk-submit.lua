-- Submits results for the services s1 … sN of the host `bench`, one POST each, to all in turn.
-- wrk … -s wrk-submit.lua https://127.0.0.1:PORT -- SERVICES USER:PASSWORD_IN_BASE64
local services, number, headers = 1, 0, {}

function init(arguments)
    services = tonumber(arguments[1])
    headers = {
        ["Accept"] = "application/json",
        ["Content-Type"] = "application/json",
        ["Authorization"] = "Basic " .. arguments[2],
    }
    -- Threads start at different services, so that they do not meet on one object.
    number = math.random(services)
end

function request()
    number = number % services + 1
    local body = string.format(
        '{"service":"bench!s%d","exit_status":0,"plugin_output":"OK - load average: 0.1, 0.2",'
            .. '"performance_data":["load1=0.100;5.000;10.000;0;"],"check_source":"bench","ttl":600}',
        number)
    return wrk.format("POST", "/v1/actions/process-check-result", headers, body)
end

function done(summary, latency)
    local errors = summary.errors
    local failed = errors.status + errors.connect + errors.read + errors.write + errors.timeout
    io.write(string.format("results_per_second %.0f\n", summary.requests / summary.duration * 1e6))
    io.write(string.format("failed %d\n", failed))
end
