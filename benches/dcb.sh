#!/usr/bin/env bash
# Appends on condition and reads by tags: `daybook serve` beside UmaDB, whose server comes with its Python package, each
# on a fresh directory, one after the other, from the same clients (dcb.py says how they are alike and how they are not:
# HTTP and JSON here, gRPC there). `daybook` stores, seals, indexes and proves; `daybook+` has its lake and its counters
# beside it too, as a server has that nobody configured. Prints calls and events a second.
#
# DAYBOOK names a program that is built already.
#
#   benches/dcb.sh [--seconds N] [--clients "1 4 16 64"] [--batches "1 10 100 1000"] [--data PARENT_DIR]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=5
clients="1 4 16 64"
batches="1 10 100 1000"
streams=2000
each=50
parent="${TMPDIR:-/tmp}"
while (( $# )); do
  case "$1" in
    --seconds) seconds=$2; shift 2 ;;
    --clients) clients=$2; shift 2 ;;
    --batches) batches=$2; shift 2 ;;
    --streams) streams=$2; shift 2 ;;
    --each) each=$2; shift 2 ;;
    --data) parent=$2; shift 2 ;;
    *) echo "unknown option $1; see the head of this file" >&2; exit 2 ;;
  esac
done

python=${PYTHON:-target/python/bin/python}
source benches/program.sh

work=$(mktemp -d "$parent/daybook-dcb-XXXXXX")
server=
stop() {
  if [[ -n "$server" ]]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
  server=
}
finish() { stop; rm -rf "$work"; }
trap finish EXIT

mkdir -p "$work/catalogs/bench/events"
cat >"$work/catalogs/bench/catalog.yaml" <<'YAML'
app: bench
version: 1.0.0
title: A bench
YAML
cat >"$work/catalogs/bench/events/bench.yaml" <<'YAML'
events:
  - name: BENCH.THING.DONE
    description: Something was done.
    indexed: true
    data: {type: object, properties: {text: {type: string}}, required: [text]}
    examples: [{text: so}]
YAML

for consumer in lake counters; do printf '[consumers."bench/%s"]\nenabled = false\n' "$consumer"; done >"$work/daybook.toml"
: >"$work/daybook+.toml"

# Where nothing was before. What Daybook left there is removed at the end: a file system that just lost thousands of files
# makes new ones more slowly. UmaDB's is one large file.
data=
fresh() {
  # What ran before is still being written; whoever is next would wait for it.
  sync
  sleep 3
  data=$(mktemp -d "$work/data-XXXXXX")
}
url= key=
start() {
  : >"$work/server.log"
  if [[ "$1" == daybook* ]]; then
    # Not in the home of whoever measures.
    export DAYBOOK_MASTER_KEY_FILE="$work/master.key"
    "$daybook" serve --config "$work/$1.toml" --data "$data" --catalogs "$work/catalogs" --no-default-catalogs --listen 127.0.0.1:0 \
      --log-level warn 2>"$work/server.log" &
    server=$!
    url=
    for _ in $(seq 200); do
      url=$(sed -nE 's/^listening on (http[^ ]+).*/\1/p' "$work/server.log" | head -n 1)
      [[ -n "$url" && -s "$data/admin.key" ]] && break
      kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
      sleep 0.05
    done
    key=$(<"$data/admin.key")
  else
    port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    "$(dirname "$python")/umadb" --listen "127.0.0.1:$port" --db-path "$data" >"$work/server.log" 2>&1 &
    server=$!
    url="http://127.0.0.1:$port" key=none
    for _ in $(seq 200); do
      (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
      kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
      sleep 0.05
    done
  fi
}
drive() { "$python" benches/dcb.py "$1" "${2%+}" "$url" --key "$key" --seconds "$seconds" "${@:3}"; }
row() { printf '%-9s %-22s %8s %6s %10s %11s %9s %9s\n' "$@"; }

printf '%s processors, %s, data in %s (%s)\n\n' "$(nproc)" "$(uname -sr)" "$work" "$(stat -f -c %T "$work")"
row store what clients batch calls/s events/s "p50 ms" "p99 ms"
for batch in $batches; do
  for count in $clients; do
    for store in umadb daybook daybook+; do
      for mode in "" --history; do
        fresh
        start "$store"
        # shellcheck disable=SC2086
        read -r calls events half most < <(drive append "$store" --clients "$count" --batch "$batch" $mode)
        row "$store" "append${mode:+ (no after)}" "$count" "$batch" "$calls" "$events" "$half" "$most"
        stop
        if [[ $store == umadb ]]; then rm -rf "$data"; fi
      done
    done
  done
done

# A history of streams whose events lie far from each other. "Cold" is the first reading after the server was started, with
# the pages of its files out of the machine's cache where this may put them out; "warm" the second.
for store in umadb daybook; do
  fresh
  start "$store"
  "$python" benches/dcb.py fill "$store" "$url" --key "$key" --streams "$streams" --each "$each"
  for count in $clients; do
    stop
    sync
    cold="restarted"
    if { echo 3 >/proc/sys/vm/drop_caches; } 2>/dev/null; then cold="cold"; fi
    start "$store"
    for what in "$cold" warm; do
      read -r calls events half most < <(drive read "$store" --clients "$count" --streams "$streams" --each "$each")
      row "$store" "read ($what)" "$count" "$each" "$calls" "$events" "$half" "$most"
    done
  done
  stop
done
