# Sourced by setup and run, which set $root: does the last set-up still fit?

# All that the set-up depends on. The folder counts too, because the stamp holds absolute paths.
fingerprint() {
  {
    printf '%s\n' "$root"
    cat "$root"/package.json "$root"/packages/*/package.json "$root"/services/*/package.json \
      "$root"/bench/package.json "$root"/tests/package.json "$root"/pnpm-workspace.yaml "$root"/pnpm-lock.yaml \
      "$root"/scripts/setup "$root"/scripts/pnpm "$root"/scripts/nats-server "$root"/scripts/ready.sh
  } | cksum
}

read_stamp() {
  [ -r "$root/.tools/ready" ] || return 1
  { read -r stamped && read -r node_dir && read -r nats_server; } <"$root/.tools/ready"
}

is_ready() {
  read_stamp && [ "$stamped" = "$(fingerprint)" ] &&
    [ -x "$node_dir/node" ] && [ -x "${ORCHESTRATOR_NATS_SERVER:-$nats_server}" ] && [ -d "$root/node_modules/.bin" ]
}
