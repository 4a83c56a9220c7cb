#!/usr/bin/env bash
# Candidate selection: a model wrote eight answers to one question, and six tests, of which one is wrong. Nobody tells which. Each answer runs against each
# test; answers that pass the same tests agree, and the group whose size times its tests is the largest is the one to take (CodeT). Of its members the one
# that needed the least fuel is chosen.
set -euo pipefail
wand=${1:-wand}
case $wand in */*) wand=$(realpath "$wand") ;; esac
cd "$(dirname "$0")"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

"$wand" eval candidates.jsonl --problems problem.jsonl --out "$out/results.jsonl" --fuel 500M > /dev/null
"$wand" eval show --samples "$out/results.jsonl"
