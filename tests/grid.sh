#!/usr/bin/env bash
# Gradient grids as their user meets them: cut and gone on with, in shards that are merged, refused where they cost much.
# usage: grid.sh BENCH BENCH_MERGE [EMULATOR...]
set -uo pipefail
bench=$(readlink -f "$1")
merge=$(readlink -f "$2")
schema=$(readlink -f "$(dirname "$0")/../results/schema.json")
shift 2
emulator=("$@")
if [ "${DEPTHMARK_EMULATED:-}" ]; then
  echo "skipped: files and signals, which the other builds test and an emulator takes three minutes for"
  exit 77
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
failures=0

fail() {
  echo "FAILED: $*"
  head -c 2000 err | sed 's/^/  stderr: /'
  failures=$((failures + 1))
}
# Every run is of one suite, on threads that need not have cores of their own.
bench() { "${emulator[@]}" "$bench" --suite=gradients --pin=none "$@" >out 2>err </dev/null; }
merge() { "${emulator[@]}" "$merge" "$@" >out 2>err </dev/null; }
# ended STATUS command...
ended() {
  local wanted=$1 status=0
  shift
  "$@" || status=$?
  [ "$status" = "$wanted" ] || fail "$* ended with status $status instead of $wanted"
}
# says WORD STATUS command...: one line on stderr that has the word, nothing on stdout.
says() {
  local word=$1
  shift
  ended "$@"
  shift
  [ "$(wc -l <err)" = 1 ] || fail "$* says $(wc -l <err) lines"
  grep -qE -- "$word" err || fail "$* does not say \"$word\""
  [ ! -s out ] || fail "$* writes to stdout"
}
# The cells of a result, as bytes.
cells() { sed -n '/^ "gradients"/,/^ "machine"/p' "$1"; }
same_cells() {
  cells "$1" >one
  cells "$2" >other
  grep -q '"initializer"' one || fail "$1 has no cells"
  cmp -s one other || fail "$1 and $2 differ"
}
count() { grep -c '"initializer"' "$1"; }
fits_schema() {
  python3 -c 'import jsonschema' 2>/dev/null || return 0
  python3 -c 'import json, jsonschema, sys
jsonschema.validate(json.load(open(sys.argv[2])), json.load(open(sys.argv[1])))' "$schema" "$1" 2>err ||
    fail "$1 does not fit results/schema.json"
}

# A grid with something of each axis.
if [ ${#emulator[@]} = 0 ]; then
  depths=3,9,27 width=24
else
  depths=3,9 width=8
fi
grid=(--inits=he_normal,orthogonal --activations=relu,sigmoid --depths=$depths --width=$width --batch=8 --seeds=2
  --norms=none,layer --residuals=no,yes --precisions=float32,bf16)
ended 0 bench "${grid[@]}" --threads=2 --out=whole.json
whole=$(count whole.json)

# ---- shards: any number of threads, in any order, and a cell that is in two of them
for shard in 1 2 3; do ended 0 bench "${grid[@]}" --shard=$shard/3 --threads=$shard --out=part$shard.json; done
ended 0 bench "${grid[@]}" --filter=he_normal/sigmoid --threads=1 --out=twice.json
ended 0 merge -o merged.json part3.json part1.json twice.json part2.json
grep -qx "merged.json: $whole cells of 4 files" out || fail "bench-merge says $(cat out)"
same_cells whole.json merged.json
ended 0 merge -o partly.json part1.json part3.json
grep -q "missing$" out || fail "bench-merge does not say what is missing"
ended 0 merge -o merged.json part1.json # one file, over an earlier result
same_cells part1.json merged.json

# ---- what does not go together
tiny=(--inits=he_normal --activations=relu,tanh --width=4 --batch=2 --seeds=2 --threads=1)
ended 0 bench "${tiny[@]}" --depths=2 --out=tiny.json
fits_schema tiny.json
ended 0 bench "${tiny[@]}" --depths=2 --out=seed.json --seed=2
ended 0 bench "${tiny[@]}" --depths=2 --out=rng.json --rng=philox4x32-7
ended 0 bench "${tiny[@]}" --depths=3 --out=place.json
ended 0 bench "${tiny[@]}" --depths=3,2 --filter=tanh --out=places.json
ended 0 bench "${tiny[@]}" --depths=2,3 --filter=tanh/3 --batch=3 --out=batch.json
ended 0 bench "${tiny[@]}" --depths=2 --histograms --out=histograms.json
fits_schema histograms.json
sed 's/"commit": "/&x/' tiny.json >commit.json
sed '0,/"saturated": [0-9.]*/s//"saturated": 0.125/' tiny.json >figures.json
cmp -s tiny.json figures.json && fail "no figure was changed"
"${emulator[@]}" "$bench" --quick --min-time=0.0001 --threads=1 --suite=init --filter=init_zeros --out=cellless.json >out 2>err
head -c 1000 tiny.json >cut.json
says '--seed=2, ' 2 merge -o bad.json tiny.json seed.json
says '--rng=philox4x32-7' 2 merge -o bad.json tiny.json rng.json
says 'made by commit x' 2 merge -o bad.json tiny.json commit.json
says 'he_normal/relu/2/width:4 has different figures' 2 merge -o bad.json tiny.json figures.json
says 'have the same place' 2 merge -o bad.json tiny.json place.json
says 'has two places' 2 merge -o bad.json tiny.json places.json
says 'batch of 3' 2 merge -o bad.json tiny.json batch.json
says 'cellless.json has no gradient cells' 2 merge -o bad.json tiny.json cellless.json
says 'cellless.json has no gradient cells' 2 merge -o bad.json cellless.json tiny.json
says 'cut.json:' 2 merge -o bad.json tiny.json cut.json
says 'missing.json' 2 merge -o bad.json tiny.json missing.json
[ ! -e bad.json ] || fail "a refused merge leaves a file"
says 'nowhere/x.json' 1 merge -o nowhere/x.json tiny.json
ended 2 merge -o only.json
ended 0 merge --help
ended 0 merge -o both.json tiny.json histograms.json
same_cells histograms.json both.json

# ---- a finished result: nothing is run
ended 0 bench "${grid[@]}" --threads=1 --out=whole.json --resume --list
[ ! -s out ] || fail "a finished grid still has $(wc -l <out) cells to run"
cp whole.json again.json
ended 0 bench "${grid[@]}" --threads=1 --out=again.json --resume --budget=0
same_cells whole.json again.json

# ---- a larger grid: what is missing is run
cp part1.json larger.json
ended 0 bench "${grid[@]}" --threads=1 --out=larger.json --resume --list
[ "$(wc -l <out)" = $((whole - $(count part1.json))) ] || fail "--resume would run $(wc -l <out) cells"
ended 0 bench "${grid[@]}" --threads=2 --out=larger.json --resume
same_cells whole.json larger.json
says '--seed=1, this is one with 2' 2 bench "${grid[@]}" --out=larger.json --resume --seed=2
says 'not of this grid' 2 bench "${grid[@]}" --seeds=1 --out=larger.json --resume
says 'needs --out' 2 bench "${grid[@]}" --resume

# ---- killed in the middle, and gone on with
seeds=30
[ ${#emulator[@]} = 0 ] || seeds=6
killed=(--inits=he_normal,he_uniform --activations=relu,tanh --width=64 --batch=64 --seeds=$seeds --weight-scales=1,0.5
  --depths=8,9,10,11)
# signalled SIGNAL CELLS bench-options: sends it when the journal of cut.json has more cells than that. Bash starts
# background jobs with SIGINT ignored unless job control is on.
set -m
signalled() {
  local signal=$1 cells=$2 bench_pid
  shift 2
  rm -f out # when there is something in it, measuring has begun
  "${emulator[@]}" "$bench" --suite=gradients --pin=none --out=cut.json "$@" >out 2>err </dev/null &
  bench_pid=$!
  for _ in $(seq 6000); do
    [ -s out ] && [ "$(cat cut.json.cells 2>/dev/null | wc -l)" -gt $((cells + 1)) ] && break
    sleep 0.01
  done
  kill -"$signal" $bench_pid 2>/dev/null || fail "bench $* was done before SIG$signal"
  wait $bench_pid 2>/dev/null
}
rm -f cut.json
ended 0 bench "${killed[@]}" --threads=2 --out=uncut.json
[ ! -e uncut.json.cells ] || fail "a finished run leaves its journal"
signalled KILL 2 "${killed[@]}" --threads=1
[ ! -e cut.json ] || fail "a killed run leaves a result"
says 'add --resume' 2 bench "${killed[@]}" --out=cut.json
says '--seed=1, this is one with 2' 2 bench "${killed[@]}" --out=cut.json --resume --seed=2
signalled KILL 9 "${killed[@]}" --threads=2 --resume # and once more
finished=$(($(wc -l <cut.json.cells) - 1))
[ "$finished" -lt "$(count uncut.json)" ] || fail "no cells are left for the third run"
printf '{"initializer": "he_no' >>cut.json.cells # as it is when killed in the middle of a line
ended 0 bench "${killed[@]}" --threads=1 --out=cut.json --resume --list
left=$(wc -l <out)
[ "$left" -le $(($(count uncut.json) - 10)) ] || fail "$left cells are left"
ended 0 bench "${killed[@]}" --threads=1 --out=cut.json --resume
same_cells uncut.json cut.json
[ ! -e cut.json.cells ] || fail "the journal is left"

# ---- interrupted: what is finished is in the result, and the next run goes on
rm -f cut.json
signalled INT 2 "${killed[@]}" --threads=2
grep -q '"interrupted": true' cut.json || fail "an interrupted run is not marked"
[ "$(count cut.json)" -gt 2 ] || fail "an interrupted run loses cells"
[ ! -e cut.json.cells ] || fail "an interrupted run leaves a journal beside its result"
fits_schema cut.json
# ... also where it is interrupted before it comes to the cells that were there.
before=$(count cut.json)
rm -f out
"${emulator[@]}" "$bench" --suite=limits,gradients --pin=none --min-time=60 "${killed[@]}" --resume --out=cut.json \
  >out 2>err </dev/null &
early=$!
for _ in $(seq 200); do
  [ -s out ] && break
  sleep 0.1
done
kill -INT $early
wait $early 2>/dev/null
grep -q '"interrupted": true' cut.json || fail "a run that is interrupted early is not marked"
[ "$(count cut.json)" = "$before" ] || fail "a run that is interrupted early has $(count cut.json) cells of $before"
ended 0 bench "${killed[@]}" --threads=1 --out=cut.json --resume
same_cells uncut.json cut.json
set +m

# ---- what costs much is said, and asked for twice
large=(--inits=he_normal --activations=relu,tanh --depths=10,1000 --width=32 --batch=4 --seeds=3 --threads=1)
says '4 cells of 3 networks, .* about [0-9.]+ s and [0-9]+ MB .* 0.0 s: add --yes .*--shard' 2 \
  bench "${large[@]}" --budget=0.001 --out=costly.json
[ ! -e costly.json ] && [ ! -e costly.json.cells ] || fail "a refused grid leaves files"
ended 0 bench "${large[@]}" --budget=0.001 --list
[ "$(wc -l <out)" = 4 ] || fail "--list is under the budget"
says 'about [0-9.]+ h' 2 bench --inits=all --activations=all --depths=100,200,500 --widths=1024 --threads=1
says '[GT]B of memory, .*--shard=K/N' 2 bench --inits=all --activations=all --depths=1000 --weight-scales=0.1,0.2,0.3,0.4,0.5 \
  --bias-stds=0,0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9 --norms=none,batch,layer --residuals=no,yes --widths=4 --yes
says 'of depth 2 and width 16 .* noted of its layers|of depth [0-9]*, width 16 .*bytes' 2 \
  bench --inits=he_normal --activations=relu --depths=100000000 --widths=16 --histograms --yes --threads=1
says '[0-9]+ bytes, [0-9]+ are available' 2 bench "${large[@]}" --widths=1000000 --yes
if [ ${#emulator[@]} = 0 ]; then
  ended 0 bench "${large[@]}" --budget=0.001 --yes --out=costly.json
  [ "$(count costly.json)" = 4 ] || fail "--yes does not run the grid"
fi

# ---- a file that may not grow
if (trap '' XFSZ && ulimit -f 8) 2>/dev/null; then
  (ulimit -f 8 && bench "${tiny[@]}" --depths=40,41 --out=full.json)
  status=$?
  [ $status = 1 ] || fail "a full disk ends bench with status $status"
  grep -q 'full.json.cells cannot be written' err || fail "nothing is said of a journal that cannot grow"
  grep -q 'cannot write full.json: File too large' err || fail "nothing is said of a result that cannot be written"
  [ -s full.json.cells ] && [ ! -e full.json ] || fail "a full disk costs the journal"
  ended 0 bench "${tiny[@]}" --depths=40,41 --out=full.json --resume
  [ "$(count full.json)" = 4 ] || fail "what a full disk left is not gone on with"
fi

[ $failures = 0 ] && echo "all checks passed"
[ $failures = 0 ]
