#!/usr/bin/env bash
# Rewards for training: each answer of a model gets a number that grows from "no program" over "it raised" and "wrong answers" to "passed", with the fraction of
# the tests between the steps. What was exported can be run again by whoever doubts it.
set -euo pipefail
wand=${1:-wand}
case $wand in */*) wand=$(realpath "$wand") ;; esac
cd "$(dirname "$0")"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

"$wand" eval samples.jsonl --problems problems.jsonl --out "$out/results.jsonl" --fuel 500M > /dev/null
"$wand" eval export "$out/results.jsonl" --format reward --out "$out/reward.jsonl"
"$wand" eval show --samples "$out/results.jsonl"
"$wand" eval verify "$out/reward.jsonl" --problems problems.jsonl --fuel 500M
