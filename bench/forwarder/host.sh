# shellcheck shell=bash disable=SC2034,SC2154
# A private monitored host for the measurements of this folder; read by drain, checks and memory.
#
# Everything lives in `$host_folder`, which the caller sets; `end_daemon` belongs into its EXIT trap.
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
products=${PRODUCTS:-$(realpath -m "$here/../../.build/release")}
private_master=$here/../../scripts/private-master
# The same text as the peers' results have.
plugin_output='OK - load average: 0.1, 0.2|load1=0.100;5.000;10.000;0;'
host_name=web1
daemon=""

[ -x "$products/forwarder" ] || {
    echo "no $products/forwarder: make bench builds it" >&2
    exit 1
}

forwarder() { "$products/forwarder" "$@" --config "$host_folder/forwarder.conf"; }

# forwarder.conf with a master at this port: write_configuration PORT
#
# The uplink drops to another user, as it does where it is installed.
write_configuration() {
    mkdir -p "$host_folder/conf.d"
    cat >"$host_folder/forwarder.conf" <<CONF
const NodeName = "$host_name"
object Master "master" {
    host = "127.0.0.1"
    port = $1
    certificate = "pki/client.crt"
    private_key = "pki/client.key"
    ca = "pki/ca.crt"
${MASTER_ATTRIBUTES:-}
}
object Spool "spool" {
    path = "$host_folder/spool.db"
    size_limit = 1073741824
}
object Uplink "uplink" { user = "nobody" }
object Control "control" {
    path = "$host_folder/control.sock"
    drop_directory = "$host_folder/drop"
}
object Logging "log" { level = "warning" }
CONF
    cat >"$host_folder/policy.ini" <<CONF
[all]
masters = master
permissions = icingadb/command/process-check-result
CONF
}

# Services s1, s2, …: write_definitions COUNT INTERVAL PROGRAM [ARGUMENT ...]
write_definitions() {
    local count=$1 interval=$2 command
    shift 2
    command=$(printf '"%s", ' "$@")
    cat >"$host_folder/conf.d/services.conf" <<CONF
object CheckCommand "bench" { command = [ ${command%, } ] }
object Host NodeName { check_command = "dummy" }
for (number in range(1, $count + 1)) {
    object Service "s" + string(number) {
        host_name = NodeName
        check_command = "bench"
        check_interval = $interval
        retry_interval = $interval
    }
}
CONF
}

start_daemon() {
    "$products/forwarder" daemon --config "$host_folder/forwarder.conf" \
        >>"$host_folder/daemon.log" 2>&1 </dev/null &
    daemon=$!
    for _ in $(seq 300); do
        [ ! -S "$host_folder/control.sock" ] || return 0
        kill -0 "$daemon" 2>/dev/null || break
        sleep 0.1
    done
    fail "the daemon did not start"
}

end_daemon() {
    [ -n "$daemon" ] || return 0
    kill "$daemon" 2>/dev/null || true
    wait "$daemon" 2>/dev/null || true
    daemon=""
}

fail() {
    echo "$*" >&2
    tail -5 "$host_folder/daemon.log" >&2 2>/dev/null || true
    exit 1
}

# What `forwarder status --json` says, by a jq expression. Its exit status speaks of alarms, of
# which a master that is away is one.
status() { { forwarder status --json || true; } | jq --raw-output "$1"; }

# Results that wait, or whose fate is unknown.
queued() { status '[.destinations[] | .queued + .unresolved] | add'; }

# wait_until SECONDS WHAT COMMAND...: looks every half second, or what `pause` says
pause=0.5
wait_until() {
    local limit=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        [ "$SECONDS" -lt "$limit" ] || fail "$what: not within its time"
        kill -0 "$daemon" 2>/dev/null || fail "the daemon ended"
        sleep "$pause"
    done
}

# User and system ticks of the processes of a session: session_ticks LEADER
session_ticks() {
    local total=0 stat
    for stat in /proc/[0-9]*/stat; do
        # shellcheck disable=SC2046  # the fields are words
        set -- "$1" $(sed 's/.*) //' "$stat" 2>/dev/null) || continue
        [ "${5:-0}" != "$1" ] || total=$((total + ${13} + ${14}))
    done
    echo "$total"
}

# The machine's ticks since it started: busy and all.
machine_ticks() {
    awk '/^cpu / { busy = $2 + $3 + $4 + $7 + $8 + $9; print busy, busy + $5 + $6 }' /proc/stat
}

now_ns() { date +%s%N; }
