#!/bin/sh
# agent-mark.sh FOLDER begin|end: what an agent in a fault round writes down about itself, outside of its workspace.
# An agent that begins looks for living processes of earlier attempts in its workspace, by the mark in their environment.
set -eu

folder=$1
what=$2
mark() {
  printf '%s %s %s %s\n' "$1" "$ORCHESTRATOR_ATTEMPT" "$ORCHESTRATOR_SERVICE" "$PPID" >>"$folder/marks"
}

if [ "$what" = begin ]; then
  before=$folder/$ORCHESTRATOR_SERVICE.before
  touch "$before"
  if [ -s "$before" ] && grep -qszxFf "$before" /proc/[0-9]*/environ; then mark overlap; fi
  printf 'ORCHESTRATOR_ATTEMPT=%s\n' "$ORCHESTRATOR_ATTEMPT" >>"$before"
  mark begin
  printf '%s %s\n' "$ORCHESTRATOR_ATTEMPT" "$PPID" >>work.txt
else
  mark end
fi
