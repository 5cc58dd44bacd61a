#!/usr/bin/env bash
# bench-compare as its user meets it: results that bench wrote, every format, every exit status.
# usage: compare.sh BENCH BENCH_COMPARE [EMULATOR...]
set -uo pipefail
bench=$(readlink -f "$1")
compare=$(readlink -f "$2")
shift 2
emulator=("$@")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
failures=0

fail() {
  echo "FAILED: $*"
  head -c 2000 out err | sed 's/^/  /'
  failures=$((failures + 1))
}
measure() {
  "${emulator[@]}" "$bench" --pin=none --threads=1 --arch=scalar "$@" >out 2>err </dev/null || fail "bench $* fails"
}
# ended STATUS [options]: a run of bench-compare that ends so.
ended() {
  local wanted=$1 status=0
  shift
  "${emulator[@]}" "$compare" "$@" >out 2>err </dev/null || status=$?
  [ "$status" = "$wanted" ] || fail "bench-compare $* ended with status $status instead of $wanted"
}
has() { grep -qE -- "$1" out || fail "the output has no \"$1\""; }
# refuses STATUS WORD [options]: one line on stderr that has the word, nothing on stdout.
refuses() {
  local status=$1 word=$2
  shift 2
  ended "$status" "$@"
  [ "$(wc -l <err)" = 1 ] || fail "bench-compare $* says $(wc -l <err) lines"
  grep -qE -- "$word" err || fail "bench-compare $* does not say \"$word\""
  [ ! -s out ] || fail "bench-compare $* writes to stdout"
}

rows=(--suite=activation --filter='/relu_forward/' --min-time=0.001)
measure "${rows[@]}" --out=1.json
measure "${rows[@]}" --out=2.json
cells=(--suite=gradients --inits=he_normal --activations=relu --depths=3 --widths=16 --seeds=2)
measure "${cells[@]}" --out=3.json
measure "${cells[@]}" --out=4.json

ended 0 1.json 2.json
has "^B is another run on A's machine"
has '^B against A: '
has '^activation forward '
ended 0 1.json 2.json --format=markdown
has '^\| family \| rows \| B / A \|'
ended 0 1.json 2.json --format=csv
has '^A,B,run,exact,activation forward,activation/relu_forward/'
ended 0 1.json 2.json --format=json
if python3 -c '' 2>/dev/null; then
  python3 -c 'import json
d = json.load(open("out"))
assert d["format"] == 1 and d["subjects"][1]["relation"] == "run" and d["rows"][0]["subjects"][1]["speed"] > 0' ||
    fail "the JSON is not as --help says"
fi
ended 0 1.json 1.json --format=markdown
has 'the same run as A'
ended 0 3.json 4.json --format=markdown
has 'are the same to the last bit, as promised'
ended 0 --help
has '^Usage: bench-compare '

sed 's/"format": *[0-9]*/"format": 1/' 1.json >other.json
head -c 1000 1.json >cut.json
refuses 2 'other.json: context.format is 1' 1.json other.json
refuses 2 'cut.json:' 1.json cut.json
refuses 2 'missing.json: No such file' 1.json missing.json
refuses 2 'alone' 1.json --by=machine
refuses 2 'did you mean --format' 1.json 2.json --fromat=csv
refuses 2 '--base=C: it is one of A, B' 1.json 2.json --base=C
refuses 2 'which results' --all
refuses 3 'nothing in common' 1.json 3.json --filter='relu_forward|gradients'
refuses 3 'nothing in common' 1.json 2.json --filter=nonesuch
if [ -c /dev/full ]; then
  status=0
  "${emulator[@]}" "$compare" 1.json 2.json >/dev/full 2>err || status=$?
  [ "$status" = 4 ] || fail "a full disk ends with status $status instead of 4"
fi
[ "$failures" = 0 ]
