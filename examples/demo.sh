#!/usr/bin/env bash
# Runs the examples with the given wand. Each line that starts with $ is a command that you can type.
set -uo pipefail
wand=${1:-bin/wand}
case $wand in */*) wand=$(realpath "$wand") ;; esac
cd "$(dirname "$0")"
failed=0

show() { # expected exit code, then the command's arguments
	local want=$1 got
	shift
	printf '\n$ wand %s\n' "$*"
	"$wand" "$@"
	got=$?
	if [ "$got" -ne "$want" ]; then
		printf 'demo: exit code %s, expected %s\n' "$got" "$want" >&2
		failed=1
	fi
}

show 0 run orders.py
show 0 run inventory.js
show 1 run median.py --feedback
show 1 run invoice.ts --feedback
show 4 run collatz.py --feedback --fuel 500M
show 0 run sales.py --policy analyst.yaml
show 5 run leak.py --policy analyst.yaml --feedback
exit $failed
