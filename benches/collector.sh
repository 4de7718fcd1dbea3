#!/usr/bin/env bash
# The whole collector under load: `daybook serve` on a fresh data directory, `daybook load` against it with batches of 1,
# 10, 100 and 1,000, on the same machine. Prints a table, and what bounds it: the processor time the server took. The last
# two columns are how far the proof was behind, looked at five times a second: the most records that were not signed, and
# how many seconds after the load all of them were.
#
# DAYBOOK names a program that is built already.
#
#   benches/collector.sh [--seconds N] [--connections N] [--batches "1 10 100 1000"] [--data PARENT_DIR]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=10
connections=
batches="1 10 100 1000"
parent="${TMPDIR:-/tmp}"
while (( $# )); do
  case "$1" in
    --seconds) seconds=$2; shift 2 ;;
    --connections) connections=$2; shift 2 ;;
    --batches) batches=$2; shift 2 ;;
    --data) parent=$2; shift 2 ;;
    *) echo "unknown option $1; see the head of this file" >&2; exit 2 ;;
  esac
done

source benches/program.sh

work=$(mktemp -d "$parent/daybook-bench-XXXXXX")
server=
finish() {
  if [[ -n "$server" ]]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT

member() { sed -nE "s/^ *\"$1\": *([0-9.]+),?$/\1/p" "$work/report.json" | head -n 1; }
ticks() { awk '{ print $14 + $15 }' "/proc/$server/stat"; }
unsigned() { curl -sS "$url/metrics" | sed -nE 's/^daybook_proof_lag_events(\{[^}]*\})? ([0-9]+).*/\2/p'; }
# Until it is told to stop: the most of all looks.
watch_proof() {
  local most=0 now
  trap 'echo "$most"; exit' TERM
  while now=$(unsigned); do
    (( now > most )) && most=$now
    sleep 0.2
  done
}
signed_after() {
  local begun=$EPOCHREALTIME
  until [[ $(unsigned) == 0 ]]; do sleep 0.02; done
  awk -v begun="$begun" -v now="$EPOCHREALTIME" 'BEGIN { printf "%.2f", now - begun }'
}
resident_mb() { awk '/^VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$server/status"; }

printf '%s processors, %s, data in %s (%s)\n\n' "$(nproc)" "$(uname -sr)" "$work" "$(stat -f -c %T "$work")"
printf '%6s %12s %12s %10s %9s %9s %9s %11s %8s %9s %9s\n' \
  batch connections events events/s "p50 ms" "p99 ms" "max ms" "server cpu" "rss MB" unsigned "signed s"
for batch in $batches; do
  rm -rf "$work/data"
  : >"$work/server.log"
  # Not in the home of whoever measures.
  export DAYBOOK_MASTER_KEY_FILE="$work/master.key"
  "$daybook" serve --data "$work/data" --listen 127.0.0.1:0 --log-level warn 2>"$work/server.log" &
  server=$!
  url=
  for _ in $(seq 200); do
    url=$(sed -nE 's/^listening on (http[^ ]+).*/\1/p' "$work/server.log" | head -n 1)
    [[ -n "$url" && -s "$work/data/admin.key" ]] && break
    kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
    sleep 0.05
  done
  # Small batches need company to share an fsync; large ones keep the server busy by themselves.
  lanes=${connections:-$(( batch >= 1000 ? 4 : batch >= 100 ? 16 : 64 ))}
  # The vault meets its people, 25,000 of each app, before anything is measured, as it would in a product that has been running.
  "$daybook" load --server "$url" --data "$work/data" --batch 1000 --connections 4 --people 25000 --events 800000 >/dev/null
  watch_proof >"$work/unsigned" &
  watching=$!
  before=$(ticks)
  "$daybook" load --server "$url" --data "$work/data" --batch "$batch" --connections "$lanes" --people 25000 \
    --duration "$seconds" --format json >"$work/report.json"
  after=$(ticks)
  signed=$(signed_after)
  kill "$watching"; wait "$watching" || true
  cpu=$(awk -v ticks=$(( after - before )) -v hertz="$(getconf CLK_TCK)" -v seconds="$(member seconds)" \
    'BEGIN { printf "%.2f", ticks / hertz / seconds }')
  printf '%6s %12s %12s %10.0f %9.2f %9.2f %9.2f %11s %8s %9s %9s\n' "$batch" "$lanes" "$(member events)" \
    "$(member events_per_second)" "$(member p50)" "$(member p99)" "$(member max)" "$cpu" "$(resident_mb)" "$(<"$work/unsigned")" "$signed"
  kill "$server"; wait "$server" || true
  server=
done
