# shellcheck shell=bash disable=SC2034
# A long line in front of a server on loopback; `end_distance` belongs into the EXIT trap.
distance=""

# Builds and starts the proxy: start_distance FOLDER PORT MILLISECONDS, which a round trip takes.
# `distant_port` leads to PORT then.
start_distance() {
    cc -O2 -o "$1/delay" "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/delay.c"
    rm -f "$1/delay.port"
    "$1/delay" "$2" $(($3 / 2)) >"$1/delay.port" &
    distance=$!
    for _ in $(seq 100); do
        [ ! -s "$1/delay.port" ] || break
        sleep 0.05
    done
    distant_port=$(cat "$1/delay.port")
    [ -n "$distant_port" ] || { echo "the delaying proxy did not start" >&2; return 1; }
}

end_distance() {
    [ -n "$distance" ] || return 0
    kill "$distance" 2>/dev/null || true
    wait "$distance" 2>/dev/null || true
    distance=""
}
