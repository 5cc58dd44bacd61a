#!/usr/bin/env bash
# Where bench measures, and on how much data: threads, hardware threads, affinity masks, sizes.
# usage: places.sh BENCH [EMULATOR...]
set -uo pipefail
bench=$(readlink -f "$1")
shift
emulator=("$@")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
failures=0

fail() {
  echo "FAILED: $*"
  head -c 2000 err | sed 's/^/  stderr: /'
  failures=$((failures + 1))
}
# run STATUS bench-options, in the environment and with the program before it that are in `with`
with=()
run() {
  local wanted=$1 status=0
  shift
  "${with[@]}" "${emulator[@]}" "$bench" "$@" >out 2>err </dev/null || status=$?
  [ "$status" = "$wanted" ] || fail "bench $* ended with status $status instead of $wanted"
}
# lists TEXT bench-options: what the rows of one dense layer are named behind the arch.
one_layer=(--list --arch=scalar --suite=dense --filter=dense_forward/256x256x256/)
lists() {
  local wanted=$1
  shift
  run 0 "${one_layer[@]}" "$@"
  [ "$(sed 's|.*/arch:scalar/||' out | tr '\n' ' ')" = "$wanted" ] || fail "bench $* lists $(cat out)"
}

# ---- threads and hardware threads, on four cores of two
with=(env HWLOC_SYNTHETIC='package:1 l3:1(size=8388608) l2:4(size=1048576) l1d:1(size=32768) core:1 pu:2')
lists 'threads:1 threads:4 '
lists 'threads:1 threads:2 threads:3 threads:4 ' --threads=all
lists 'threads:2 threads:4/smt:2 ' --threads=2 --smt=1,2
lists 'threads:2/smt:2 threads:8/smt:2 ' --smt=2
lists 'threads:1 threads:8/smt:2 ' --pin=threads
run 2 "${one_layer[@]}" --threads=5
grep -q 'this process may use 4 cores' err || fail "--threads=5 does not say how many cores there are"
run 2 "${one_layer[@]}" --smt=3
grep -q 'none of the cores' err || fail "--smt=3 does not say that there are none"
run 2 "${one_layer[@]}" --cores=big
grep -q 'all, best, mixed' err || fail "--cores=big does not say what there is"
lists 'threads:1 threads:4 ' --cores=all
with=(env HWLOC_SYNTHETIC='numa:2 core:3 pu:1')
lists 'threads:1 threads:6 '

# ---- sizes
with=(env HWLOC_SYNTHETIC='package:1 l3:1(size=8388608) l2:4(size=1048576) l1d:1(size=32768) core:1 pu:2')
run 0 --list --arch=scalar --sizes=sweep --suite=activation --filter='/relu_forward/' --threads=1
[ "$(wc -l <out)" -ge 15 ] || fail "a sweep has $(wc -l <out) sizes"
[ -z "$(sort out | uniq -d)" ] || fail "a sweep has a name twice"
run 0 --list --arch=scalar --sizes=16K,L2/2,memory --threads=1
! grep -qE '/(step|init_orthogonal|softmax_cross_entropy|dense_bf16)|^(gradients|learning|accuracy)/' out ||
  fail "--sizes lists what has sizes of its own"
grep -qx 'dense/dense_forward/32x32x32/arch:scalar/threads:1' out || fail "--sizes has no square layer of 16K"
grep -qx 'activation/relu_forward/65536/arch:scalar/threads:1' out || fail "--sizes has no elements of half of L2"

# ---- a whole run on one CPU, with sizes inside L1 and beyond
with=()
command -v taskset >/dev/null && [ ${#emulator[@]} = 0 ] && with=(taskset -c 0)
run 0 --arch=scalar --suite=activation --filter='/relu_forward/' --sizes=L1/2,L1*1.5 --threads=all --min-time=0.0001 \
  --out=result.json
if [ ${#with[@]} != 0 ]; then
  grep -q '"hardware_threads": 1,' result.json || fail "taskset -c 0 leaves more than one hardware thread"
  ! grep -q 'threads:2' result.json || fail "--threads=all goes beyond the affinity mask"
fi
if grep -q '"level": 2,' result.json; then
  for residence in L1 L2; do
    grep -q "\"residence\": \"$residence\"" result.json || fail "no row of the sizes is in $residence"
  done
fi
grep -qE '"fingerprint": "[0-9a-f]{12}"' result.json || fail "the result has no fingerprint"

[ "$failures" = 0 ] && echo "places: all fine"
exit $((failures != 0))
