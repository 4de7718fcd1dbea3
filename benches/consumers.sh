#!/usr/bin/env bash
# Destinations that are gone cost no memory: `daybook serve` with the consumers of a shipped catalog, whose destinations
# nobody listens at, while `daybook load` fills the log. Beside it the same load on a server whose consumers have no
# destination and hence do nothing. Prints the server's memory as the log grows, and how far the consumers are behind.
#
# DAYBOOK names a program that is built already.
#
#   benches/consumers.sh [--events N] [--steps N] [--data PARENT_DIR]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

events=500000
steps=4
parent="${TMPDIR:-/tmp}"
while (( $# )); do
  case "$1" in
    --events) events=$2; shift 2 ;;
    --steps) steps=$2; shift 2 ;;
    --data) parent=$2; shift 2 ;;
    *) echo "unknown option $1; see the head of this file" >&2; exit 2 ;;
  esac
done

source benches/program.sh

work=$(mktemp -d "$parent/daybook-bench-XXXXXX")
# Not in the home of whoever measures.
export DAYBOOK_MASTER_KEY_FILE="$work/master.key"
app=unofficial-communities
server=
stop() {
  if [[ -n "$server" ]]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; server=; fi
}
finish() { stop; rm -rf "$work"; }
trap finish EXIT

resident_mb() { awk '/^VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$server/status"; }
# The state of the consumer of all events, and how many of them wait for it.
table_of_events() {
  "$daybook" consumers --server "$url" --data "$work/data" --app "$app" --format json \
    | tr -d ' \n' | sed 's/},{/\n/g' | grep '"consumer":"analytics_db"' \
    | sed -E 's/.*"state":"([^"]*)".*"lag_events":([0-9]+).*/\1 \2/'
}

# Port 1 refuses connections at once, as a server does that was stopped.
: >"$work/none.toml"
cat >"$work/gone.toml" <<TOML
[consumers."$app/analytics_db"]
url = "mysql://daybook:password@127.0.0.1:1/daybook"
[consumers."$app/realtime_counters"]
url = "redis://127.0.0.1:1/0"
[consumers."$app/alerting"]
url = "http://127.0.0.1:1"
allow-private = true
TOML

printf '%s processors, %s\n\n%12s %12s %14s %12s %8s\n' "$(nproc)" "$(uname -sr)" destinations events state backlog "rss MB"
for destinations in none gone; do
  rm -rf "$work/data"
  : >"$work/server.log"
  "$daybook" serve --config "$work/$destinations.toml" --data "$work/data" --listen 127.0.0.1:0 --log-level warn \
    2>"$work/server.log" &
  server=$!
  url=
  for _ in $(seq 200); do
    url=$(sed -nE 's/^listening on (http[^ ]+).*/\1/p' "$work/server.log" | head -n 1)
    [[ -n "$url" && -s "$work/data/admin.key" ]] && break
    kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
    sleep 0.05
  done
  for step in $(seq "$steps"); do
    "$daybook" load --server "$url" --data "$work/data" --app "$app" --batch 1000 --connections 4 --events "$events" \
      >/dev/null
    read -r state backlog < <(table_of_events)
    printf '%12s %12s %14s %12s %8s\n' "$destinations" $(( step * events )) "$state" "$backlog" "$(resident_mb)"
  done
  stop
done
