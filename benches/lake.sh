#!/usr/bin/env bash
# Whether the lake keeps up: `daybook serve` on a fresh data directory under full load, with the consumers that live in it turned
# off, with the counters, and with counters and lakes. Prints what each costs, how far the lakes were behind at most while
# events came, how soon they had everything after, and what an event takes on the disk.
#
# DAYBOOK names a program that is built already.
#
#   benches/lake.sh [--seconds N] [--connections N] [--rounds N] [--data PARENT_DIR]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=15
connections=8
rounds=2
parent="${TMPDIR:-/tmp}"
while (( $# )); do
  case "$1" in
    --seconds) seconds=$2; shift 2 ;;
    --connections) connections=$2; shift 2 ;;
    --rounds) rounds=$2; shift 2 ;;
    --data) parent=$2; shift 2 ;;
    *) echo "unknown option $1; see the head of this file" >&2; exit 2 ;;
  esac
done

source benches/program.sh

work=$(mktemp -d "$parent/daybook-bench-XXXXXX")
# Not in the home of whoever measures.
export DAYBOOK_MASTER_KEY_FILE="$work/master.key"
server=
stop() {
  if [[ -n "$server" ]]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; server=; fi
}
finish() { stop; rm -rf "$work"; }
trap finish EXIT

member() { sed -nE "s/^ *\"$1\": *([0-9.]+),?$/\1/p" "$work/report.json" | head -n 1; }
ticks() { awk '{ print $14 + $15 }' "/proc/$server/stat"; }
resident_mb() { awk '/^VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$server/status"; }
# Events that all lakes together are behind.
behind() {
  "$daybook" lake status --server "$url" --data "$data" --format json \
    | sed -nE 's/^ *"lag_events": *([0-9]+),?$/\1/p' | awk '{ sum += $1 } END { print sum + 0 }'
}
taken() { du -sb "$data/$1" 2>/dev/null | cut -f 1 || echo 0; }

off() { for app in daybook noema tachikoma tamma unofficial-communities; do printf '[consumers."%s/%s"]\nenabled = false\n' "$app" "$1"; done; }
{ off counters; off lake; } >"$work/none.toml"
off lake >"$work/counters.toml"
: >"$work/lake.toml"

printf '%s processors, %s\n\n%-10s %12s %10s %12s %8s %12s %10s %10s %10s\n' "$(nproc)" "$(uname -sr)" \
  with events events/s "cpu us/event" "rss MB" "behind, max" "then s" "log B/ev" "lake B/ev"
for _ in $(seq "$rounds"); do
  for with in none counters lake; do
    # What was there is removed at the end: a file system that just lost thousands of files makes new ones more slowly.
    data=$(mktemp -d "$work/data-XXXXXX")
    : >"$work/server.log"
    "$daybook" serve --config "$work/$with.toml" --data "$data" --listen 127.0.0.1:0 --log-level warn \
      2>"$work/server.log" &
    server=$!
    url=
    for _ in $(seq 200); do
      url=$(sed -nE 's/^listening on (http[^ ]+).*/\1/p' "$work/server.log" | head -n 1)
      [[ -n "$url" && -s "$data/admin.key" ]] && break
      kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
      sleep 0.05
    done
    # The vault meets its people, 25,000 of each app, before anything is measured, as it would in a product that has been running.
    "$daybook" load --server "$url" --data "$data" --batch 1000 --connections "$connections" --people 25000 --events 800000 >/dev/null
    if [[ $with == lake ]]; then while (( $(behind) )); do sleep 0.2; done; fi
    before=$(ticks)
    "$daybook" load --server "$url" --data "$data" --batch 1000 --connections "$connections" --people 25000 \
      --duration "$seconds" --format json >"$work/report.json" &
    load=$!
    most=0
    while kill -0 "$load" 2>/dev/null; do
      sleep 1
      if [[ $with == lake ]]; then now=$(behind); (( now > most )) && most=$now; fi
    done
    wait "$load"
    ended=$(date +%s.%N)
    if [[ $with == lake ]]; then while (( $(behind) )); do sleep 0.1; done; fi
    then=$(awk -v from="$ended" -v to="$(date +%s.%N)" 'BEGIN { printf "%.1f", to - from }')
    after=$(ticks)
    rss=$(resident_mb)
    stop
    events=$(member events)
    cpu=$(awk -v ticks=$(( after - before )) -v hertz="$(getconf CLK_TCK)" -v events="$events" \
      'BEGIN { printf "%.2f", 1e6 * ticks / hertz / events }')
    per_event() { awk -v bytes="$(taken "$1")" -v events=$(( events + 800000 )) 'BEGIN { printf "%.0f", bytes / events }'; }
    printf '%-10s %12s %10.0f %12s %8s %12s %10s %10s %10s\n' "$with" "$events" "$(member events_per_second)" "$cpu" "$rss" \
      "$most" "$then" "$(per_event log)" "$(per_event lake)"
  done
done
