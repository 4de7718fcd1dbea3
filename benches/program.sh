# shellcheck shell=bash
# For the other scripts here, which source it from the root: `daybook` is the program that they measure, the one that
# DAYBOOK names, or else one that is built now.
daybook=${DAYBOOK:-}
if [[ -z "$daybook" ]]; then
  cargo build --release --locked -q -p daybook-cli
  target=$(cargo metadata --format-version 1 --no-deps | sed -E 's/.*"target_directory":"([^"]*)".*/\1/')
  daybook="$target/release/daybook"
fi
