#!/usr/bin/env bash
# The real program on an emulated CPU: the right kernels are chosen, run without an illegal instruction, and what the CPU
# lacks is refused.
# usage: dispatch.sh BENCH EXPECTED_ARCH EMULATOR [emulator options]
set -euo pipefail
bench=$1 expected=$2
shift 2
command -v "$1" >/dev/null || { echo "there is no $1 here"; exit 77; }
case $1 in
qemu-x86_64) [ "$(uname -m)" = x86_64 ] || { echo "this build is not for x86-64"; exit 77; } ;;
esac
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
emulator=("$@")

fail() {
  echo "$*"
  cat "$scratch/out" "$scratch/err"
  exit 1
}
# run STATUS bench-options: what qemu itself warns of, the features it lacks, is not the program's.
run() {
  local wanted=$1 status=0
  shift
  "${emulator[@]}" "$bench" "$@" >"$scratch/out" 2>"$scratch/err.all" </dev/null || status=$?
  grep -v '^qemu-[^:]*: warning:' "$scratch/err.all" >"$scratch/err" || true
  [ "$status" = "$wanted" ] || fail "bench $* ended with status $status instead of $wanted"
}
selected() { sed -n 's/.*"selected": *"\([^"]*\)".*/\1/p' "$1"; }

run 0 --version
run 0 --list

# Every suite's code path once; the figures of an emulator mean nothing, so the samples are as short as can be.
result=$scratch/result.json
run 0 --arch=auto --suite=limits,init,activation,dense --filter='/(fma_peak|memory_copy|init_normal|tanh_forward|dense_forward)/' \
  --quick --min-time=0.0001 --threads=1 --out="$result"
[ "$(selected "$result")" = "$expected" ] || fail "chose $(selected "$result") instead of $expected"

for arch in scalar avx2 avx512 neon; do
  case $expected,$arch in
  "$arch,$arch" | *,scalar) continue ;;
  esac
  run 2 --arch=$arch --suite=limits --out="$result.refused"
  [ "$(wc -l <"$scratch/err")" = 1 ] || fail "--arch=$arch is not refused in one line"
  [ ! -e "$result.refused" ] || fail "--arch=$arch leaves a result"
done
run 0 --arch=scalar --suite=limits --filter=/fma_peak/ --quick --min-time=0.0001 --threads=1 --out="$result"
[ "$(selected "$result")" = scalar ] || fail "--arch=scalar chose $(selected "$result")"
