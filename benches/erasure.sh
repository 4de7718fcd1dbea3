#!/usr/bin/env bash
# Erasing people from a log of ten million events: one person, and a thousand at once, by the command line against a server.
# What an erasure costs does not depend on the events, only on the people: the last line measures the same on a log of a
# hundredth of the size.
#
# DAYBOOK names a program that is built already.
#
#   benches/erasure.sh [--events N] [--people N] [--data PARENT_DIR]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

events=10000000
people=100000
parent="${TMPDIR:-/tmp}"
while (( $# )); do
  case "$1" in
    --events) events=$2; shift 2 ;;
    --people) people=$2; shift 2 ;;
    --data) parent=$2; shift 2 ;;
    *) echo "unknown option $1; see the head of this file" >&2; exit 2 ;;
  esac
done

source benches/program.sh

work=$(mktemp -d "$parent/daybook-bench-XXXXXX")
export DAYBOOK_MASTER_KEY_FILE="$work/master.key"
app=unofficial-communities
server=
stop() {
  if [[ -n "$server" ]]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; server=; fi
}
finish() { stop; rm -rf "$work"; }
trap finish EXIT

# Starts a server on fresh data and fills its log.
fill() {
  rm -rf "$work/data"
  : >"$work/server.log"
  "$daybook" serve --data "$work/data" --listen 127.0.0.1:0 --log-level warn 2>"$work/server.log" &
  server=$!
  url=
  for _ in $(seq 200); do
    url=$(sed -nE 's/^listening on (http[^ ]+).*/\1/p' "$work/server.log" | head -n 1)
    [[ -n "$url" && -s "$work/data/admin.key" ]] && break
    kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
    sleep 0.05
  done
  "$daybook" load --server "$url" --data "$work/data" --app "$app" --people "$people" --batch 1000 --connections 4 \
    --events "$1" >/dev/null
  curl -sf -H "Authorization: Bearer $(<"$work/data/admin.key")" "$url/v1/$app/events?limit=1000&after=0" \
    "$url/v1/$app/events?limit=1000&after=2000" "$url/v1/$app/events?limit=1000&after=4000" \
    | grep -oE '"identity":"[^"]+"' | cut -d'"' -f4 | sort -u >"$work/people"
}

# Erases the people of a file; prints the time of the whole command.
erase() {
  local before after
  before=$(date +%s.%N)
  "$daybook" subject erase --server "$url" --data "$work/data" --app "$app" --yes --file "$1" --report "$work/report.json" \
    2>/dev/null >&2
  after=$(date +%s.%N)
  local erased
  erased=$(grep -oE '"erased": *[0-9]+' "$work/report.json" | grep -oE '[0-9]+' | awk '{ sum += $1 } END { print sum }')
  rm -f "$work/report.json"
  printf '%12s %8s %8s %10.0f\n' "$2" "$people" "$erased" "$(awk -v a="$after" -v b="$before" 'BEGIN { print (a - b) * 1000 }')"
}

printf '%s processors, %s\n\n%12s %8s %8s %10s\n' "$(nproc)" "$(uname -sr)" "log events" people erased ms
for size in "$events" $(( events / 100 )); do
  fill "$size"
  head -n 1 "$work/people" >"$work/one"
  sed -n 2,1001p "$work/people" >"$work/thousand"
  erase "$work/one" "$size"
  erase "$work/thousand" "$size"
  stop
done
