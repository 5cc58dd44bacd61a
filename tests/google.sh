#!/bin/sh
# Google Benchmark's own compare.py runs bench, and reads its files, unchanged: google.sh BENCH
set -eu
bench=$1
compare=${DEPTHMARK_COMPARE_PY:-/usr/share/benchmark/compare.py}

python=
for candidate in python3 /usr/bin/python3; do
  if [ -z "$python" ] && $candidate -c 'import numpy, scipy.stats' 2>/dev/null; then python=$candidate; fi
done
if [ ! -f "$compare" ] || [ -z "$python" ]; then
  echo "skipped: Google Benchmark's compare.py with numpy and scipy is not here (Debian: libbenchmark-tools, python3-scipy)"
  exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() {
  echo "FAILED: $1"
  cat output
  exit 1
}
said() { grep -Eq -- "$1" output || fail "$2"; }

# Two runs of the program itself, with options that only Google Benchmark has.
$python "$compare" --no-color benchmarks "$bench" "$bench" --benchmark_filter='^activation/tanh_forward/.*scalar' \
  --benchmark_min_time=0.01s --benchmark_repetitions=9 --benchmark_enable_random_interleaving=true --threads=1 --arch=scalar \
  >output 2>&1 || fail "compare.py cannot run bench"
said '^activation/tanh_forward/[0-9]+/arch:scalar/threads:1 +[+-][0-9.]+ ' "rows are not compared"
said '_pvalue .*U Test, Repetitions: 9 vs 9' "repetitions are not put to the U test"
said '^activation/tanh_forward/[0-9]+/arch:scalar/threads:1_median ' "aggregates are missing"

# Two kernels of one file.
"$bench" --benchmark_out=one.json --benchmark_filter='^activation/(tanh|relu)_forward/' --benchmark_min_time=0s --threads=1 \
  --arch=scalar >output 2>&1 || fail "bench does not run"
$python "$compare" --no-color filters one.json tanh_forward relu_forward >output 2>&1 || fail "compare.py cannot compare filters"
said '^activation/.tanh_forward vs. relu_forward./' "filters match nothing"

# What else scripts ask for.
"$bench" --benchmark_list_tests=true --benchmark_filter=-tanh >output 2>/dev/null || fail "bench does not list"
if grep -q 'tanh' output; then fail "a negative filter keeps what it matches"; fi
said '^activation/relu_forward/' "a negative filter drops what it does not match"
"$bench" --benchmark_filter='^activation/relu_forward/' --benchmark_min_time=0s --threads=1 --arch=scalar --out=two.json \
  --benchmark_out=two.csv --benchmark_out_format=csv --benchmark_context=branch=main --benchmark_format=json >output 2>/dev/null ||
  fail "bench does not write CSV"
head -n 1 two.csv | grep -q '^name,iterations,real_time,cpu_time,time_unit,' || fail "the CSV file has another head"
said '"branch": "main"' "the context lacks what the user wants in it"
$python -c 'import json; json.load(open("output"))' || fail "standard output is not JSON"
