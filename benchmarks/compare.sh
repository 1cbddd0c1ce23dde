#!/usr/bin/env bash
# The two-layer network here and, if given, elsewhere: one after another in one run on one machine, then ratios.
# usage: benchmarks/compare.sh [folder of the peers' run.sh] [iterations, 2000]
# Every program prints lines "<name> <n> iterations <s> s <ms> ms/iteration …"; build first (npm run build).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
peers=${1:-}
iterations=${2:-2000}
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
{
  if [ -n "$peers" ]; then bash "$peers/run.sh" "$iterations"; fi
  node "$here/dist/twoLayer.js" "$iterations"
} | tee "$lines"
echo
awk '
  / ms\/iteration/ {
    for (i = 2; i <= NF; i++) if ($i == "ms/iteration") { names[++n] = $1; mean[n] = $(i - 1) }
    if ($1 ~ /^tapegrad-compiled-[0-9]+t$/ && (best == "" || mean[n] < best)) { best = mean[n]; name = $1 }
  }
  END { for (k = 1; k <= n; k++) printf "%-28s %8.3f ms  %7.2f times %s\n", names[k], mean[k], mean[k] / best, name }
' "$lines"
