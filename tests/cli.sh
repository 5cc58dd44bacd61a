#!/usr/bin/env bash
# The program as its user meets it: exit statuses, one line for bad input, formats, files, interruptions.
# usage: cli.sh BENCH [EMULATOR...]
set -uo pipefail
bench=$(readlink -f "$1")
schema=$(readlink -f "$(dirname "$0")/../results/schema.json")
shift
emulator=("$@")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
unset NO_COLOR
failures=0

fail() {
  echo "FAILED: $*"
  head -c 2000 err | sed 's/^/  stderr: /'
  failures=$((failures + 1))
}
# run STATUS bench-options
run() {
  local wanted=$1 status=0
  shift
  "${emulator[@]}" "$bench" "$@" >out 2>err </dev/null || status=$?
  [ "$status" = "$wanted" ] || fail "bench $* ended with status $status instead of $wanted"
}
# refused WORD bench-options: status 2, one line on stderr that has the word, nothing on stdout, no result.
refused() {
  local word=$1
  shift
  run 2 --out=refused.json "$@"
  [ "$(wc -l <err)" = 1 ] || fail "bench $* says $(wc -l <err) lines"
  grep -qF -- "$word" err || fail "bench $* does not say \"$word\""
  [ ! -s out ] || fail "bench $* writes to stdout"
  [ ! -e refused.json ] || fail "bench $* leaves a result"
}
have() { command -v "$1" >/dev/null; }
is_json() { ! have python3 || python3 -m json.tool "$1" >/dev/null; }
fits_schema() {
  python3 -c 'import jsonschema' 2>/dev/null || return 0
  python3 -c 'import json, jsonschema, sys
jsonschema.validate(json.load(open(sys.argv[2])), json.load(open(sys.argv[1])))' "$schema" "$1" 2>err
}

# As little as can be measured.
small=(--quick --min-time=0.0001 --threads=1)

# ---- help, version, list
run 0 --help
grep -q -- --filter out || fail "--help does not explain --filter"
run 0 --version
[ "$(wc -l <out)" = 1 ] || fail "--version is not one line"
run 0 --list
for suite in limits init activation dense training gradients; do
  grep -q "^$suite/" out || fail "--list has no $suite"
done
! grep -q '^accuracy/\|^learning/\|_both/\|_derivative/\|step_momentum' out || fail "--list has long tables unasked"
run 0 --list --suite=training
for row in step/3x128x32 step/50x256x64 step_momentum/8x1024x128; do
  grep -q "^training/$row/" out || fail "--list --suite=training has no $row"
done
run 0 --list --suite=activation
for pass in bias both derivative from_output; do
  grep -q "^activation/tanh_$pass/" out || fail "--list --suite=activation has no tanh_$pass"
done
run 0 --list
[ -z "$(sort out | uniq -d)" ] || fail "--list has a name twice"
! ls depthmark-*.json >/dev/null 2>&1 || fail "--list writes a result"
run 0 --list --suite=gradients --inits='normal(0,1),he_normal' --activations=relu --depths=3,7
[ "$(cat out)" = 'gradients/normal(0,1)/relu/3
gradients/normal(0,1)/relu/7
gradients/he_normal/relu/3
gradients/he_normal/relu/7' ] || fail "--list names other gradient cells"
run 0 --list --arch=scalar --suite=activation,training --threads=1 --cache=hot,cold --filter='/(relu_forward|step)/'
for state in '' /cache:cold; do
  grep -qE "^activation/relu_forward/[0-9]+/arch:scalar/threads:1$state\$" out || fail "--list has no$state activation"
  grep -qE "^training/step/4x512x128/arch:scalar/threads:1$state\$" out || fail "--list has no$state step"
done
run 0 --list --arch=scalar --suite=activation --threads=1 --cache=cold --filter=relu_forward
! grep -v '/cache:cold$' out || fail "--cache=cold lists hot rows"
run 0 --list --suite=learning --inits=he_normal --activations=relu --depths=3 --rate=0.5 --optimizers=sgd,adam --seeds=2
[ "$(cat out)" = 'learning/he_normal/relu/3/sgd/rate:0.5/seed:1
learning/he_normal/relu/3/sgd/rate:0.5/seed:2
learning/he_normal/relu/3/adam/rate:0.5/seed:1
learning/he_normal/relu/3/adam/rate:0.5/seed:2' ] || fail "--list names other training runs"
run 0 --list --filter='^learning/.*/sigmoid/'
[ "$(wc -l <out)" = 2 ] || fail "--filter=learning/ does not find the built-in runs"
run 0 --list --arch=scalar --filter='^dense/.*/31x257x129/'
grep -qv '^dense/dense_[a-z_]*/31x257x129/arch:scalar/threads:[0-9]*$' out && fail "--filter keeps other rows"

run 0 --list --suite=init --arch=scalar
for name in $("${emulator[@]}" "$bench" '--inits=?' 2>&1 | sed 's/.*known: //; s/,//g'); do
  [ "$name" = lsuv ] || grep -qE "^init/(init_)?$name/" out || fail "--list has no $name"
done
run 0 --list --suite=init --arch=scalar --quick
! grep -q '^init/lecun_normal/' out || fail "--quick has names of initializers"
run 0 --list --suite=init --filter='init_zeros/'
! grep -q provider: out || fail "--list has peers unasked"
run 0 --list --peers --suite=init --arch=auto --filter='init_zeros/'
grep -q 'provider:glibc$' out || [ ${#emulator[@]} != 0 ] || fail "--list --peers has no peer"
run 0 --list --peers --suite=init --arch=auto
! grep -q 'provider:random123$' out || grep -q '^init/init_uniform.threefry2x32-20.*provider:random123$' out ||
  fail "--list --peers has no uniform by Random123's Threefry"
# What packs weights outside the call competes with ours that do.
run 0 --list --peers --suite=dense --arch=auto --threads=1
! grep 'provider:[a-z]*-packed$' out | grep -v '^dense/dense_forward\[packed\]/' ||
  fail "a peer with packed weights stands beside ours that pack"

run 0 --list --suite=accuracy --arch=scalar --filter='/tanh_'
for kernel in tanh_forward tanh_derivative tanh_backward; do
  grep -qx "accuracy/$kernel/arch:scalar" out || fail "--list has no accuracy of $kernel"
done
grep -qx 'accuracy/tanh_forward/arch:scalar/provider:sleef' out || fail "--list has no accuracy of SLEEF's tanh"
grep -qv '^accuracy/tanh_' out && fail "--filter keeps other accuracies"

# ---- bad input
refused 'did you mean --filter' --fliter=x
refused 'unknown' --arch=avx3
refused 'matches no row' --filter=no_such_kernel
refused 'regular expression' --filter='['
refused 'empty item' --threads=1,,2
refused 'at least 1' --width=0
refused 'or all' --suite=accuracy --samples=most
refused 'matches no row' --suite=accuracy --filter=he_normal
refused 'bytes' --suite=gradients --width=1000000000
refused 'bytes' --suite=gradients --width=9223372036854775807
refused 'bytes' --suite=gradients --depths=9223372036854775807
refused '--pin=none' --threads=4096
refused 'unexpected' dense
refused 'at least 1' --suite=learning --epochs=0
refused '--rate' --suite=learning --rate=-1
refused 'did you mean adam' --suite=learning --optimizers=adan
refused '--data=synthetic' --suite=learning --data=normal
refused 'at most the 10 examples' --suite=learning --images=10
refused 'bytes' --suite=learning --widths=1000000000
DEPTHMARK_DATASET=$scratch/nowhere refused "$scratch/nowhere" --suite=gradients --data=fashion-mnist
mkdir broken
printf 'not gzip, not idx' | tee broken/train-images-idx3-ubyte.gz >broken/train-labels-idx1-ubyte.gz
DEPTHMARK_DATASET=$scratch/broken refused "$scratch/broken" --suite=gradients --data=fashion-mnist
case $(uname -m) in x86_64 | aarch64) ;; *) echo "arch names are not tested on $(uname -m)" ;; esac
run 2 --out="$scratch/missing/x.json" --filter=fma_peak
grep -q 'missing/x.json' err && [ "$(wc -l <err)" = 1 ] || fail "an unwritable file is not named"
run 2 --out="$scratch" --filter=fma_peak
grep -q directory err || fail "a directory is not named as such"

# ---- a run: data on stdout, the rest on stderr, the result in its file
run 0 "${small[@]}" --suite=init --filter=init_zeros --out=init.json
grep -q '^init, data in L2, 1 thread$' out || fail "there is no table of init"
grep -q '^zeros ' out || fail "there is no row of init_zeros"
grep -q '^wrote  *init.json' out || fail "the table does not say where the result is"
grep -q '^limits of' out && fail "limits are shown unasked"
! grep -q "$(printf '\033')\|$(printf '\r')" out err || fail "control characters in a pipe"
awk 'length > 80 { exit 1 }' out || fail "a line is wider than 80 columns"
is_json init.json || fail "init.json is not JSON"
grep -q '"interrupted": false' init.json || fail "the result is marked interrupted"

run 0 "${small[@]}" --suite=limits,gradients --inits=he_normal --activations=relu,tanh --depths=2,3 --width=8 --batch=4 \
  --filter='fma_peak|relu|tanh/2' --format=json --out=both.json
cmp -s out both.json || fail "--format=json differs from the file"
[ "$(grep -c '"decay_per_layer"' both.json)" = 3 ] || fail "--filter does not apply to gradient cells"
is_json out || fail "--format=json is not JSON"
fits_schema both.json || fail "the result does not fit results/schema.json"

run 0 "${small[@]}" --suite=init,gradients --inits='normal(0,1)' --activations=relu --depths=2 --width=8 --batch=4 \
  --filter='init_zeros|relu' --format=csv --out=csv.json
[ "$(wc -l <out)" = 3 ] || fail "--format=csv has not a line for the header, the row and the cell"
[ "$(grep -c '^name,suite,kernel' out)" = 1 ] || fail "--format=csv has no header"
run 0 "${small[@]}" --suite=init --filter=init_zeros --format=markdown --out=md.json
grep -q '^| zeros | ' out || fail "--format=markdown has no row"

run 0 "${small[@]}" --arch=all --suite=init --filter=init_zeros --out=all.json
for arch in $(sed -n 's/.*"supported": "\(.*\)".*/\1/p' all.json | tr , ' '); do
  grep -q "^zeros  *$arch " out || fail "--arch=all has no row of $arch"
done

# ---- training steps: where their time goes
run 0 "${small[@]}" --suite=training --filter='step/4x512x128' --out=step.json
grep -q '^training steps, 1 thread$' out || fail "there is no table of training steps"
grep -q '^where the time of a step goes, in %, 1 thread$' out || fail "nothing says where the time of a step goes"
awk '/^where the time/ { getline; getline; if (NF != 8 || (s = $4 + $5 + $6 + $7 + $8) < 99.7 || s > 100.3) exit 1 }' out ||
  fail "the parts of a step are not a whole"
awk 'length > 80 { exit 1 }' out || fail "a line of training is wider than 80 columns"
fits_schema step.json || fail "training steps do not fit results/schema.json"

# ---- accuracy: a table, its figures in the result and beside the times, whatever the number of threads
run 0 --suite=accuracy --filter=tanh --threads=1 --samples=10000 --arch=all --out=accuracy.json
grep -q '^accuracy on [0-9]* floats' out || fail "there is no table of accuracy"
grep -qx tanh out && grep -q '^derivative  *scalar  *[0-9.]*  *-*[0-9.e-]*  *0\.[0-9]*  *+-44' out ||
  fail "there is no accuracy of tanh's derivative"
grep -q '^  sleef ' out || fail "there is no accuracy of SLEEF"
! grep -q sigmoid out || fail "--filter does not apply to accuracies"
awk 'length > 80 { exit 1 }' out || fail "a line of accuracy is wider than 80 columns"
fits_schema accuracy.json || fail "accuracies do not fit results/schema.json"
grep -q '"benchmarks": \[\]' accuracy.json || fail "accuracy measures limits"
for threads in 1 3; do
  run 0 --suite=accuracy --filter='gelu|silu_backward' --threads=$threads --pin=none --samples=100000 --format=json --out=accuracy.json
  sed -n '/"accuracy"/,/"gradients"/p' out >accuracy.$threads
done
grep -q '"absolute_max": [0-9]' accuracy.1 || fail "there is no error around gelu's root"
cmp -s accuracy.1 accuracy.3 || fail "accuracies depend on the number of threads"
run 0 "${small[@]}" --suite=activation,accuracy --filter='(tanh|selu)_forward/' --samples=10000 --format=csv --out=ulps.json
[ "$(grep -c '"ulp_max"' ulps.json)" = "$(grep -Ec '^(activation|accuracy)/' out)" ] || fail "times lack ulp_max"

# ---- the same seed gives the same gradients for any number of threads
for threads in 1 3; do
  run 0 --suite=gradients --seed=7 --threads=$threads --pin=none --inits=glorot_uniform --activations=tanh --depths=3 \
    --width=24 --batch=16 --seeds=2 --format=json --out=seed.json
  sed -n '/"gradients"/,/"machine"/p' out >gradients.$threads
done
grep -q delta_rms gradients.1 || fail "there are no gradients"
cmp -s gradients.1 gradients.3 || fail "gradients depend on the number of threads"

# ---- training: a table, its runs in the result, the same for any number of threads
learning=(--suite=learning --inits=he_normal,lsuv --activations=relu,tanh --depths=2 --widths=12 --batch=10 --images=100 --epochs=2 --clip-norm=1)
for threads in 1 3; do
  run 0 "${learning[@]}" --optimizers=sgd,momentum,adam --threads=$threads --pin=none --out=learning.json
  grep -v '"seconds"\|"products_share"' learning.json | sed -n '/"learning"/,/"machine"/p' >learning.$threads
done
grep -q '^learning: width 12, batch 10, synthetic' out && grep -q '^he_normal$' out || fail "there is no table of training"
awk 'length > 80 { exit 1 }' out || fail "a line of training runs is wider than 80 columns"
[ "$(grep -c '"fault_quantity"' learning.1)" = 12 ] || fail "there are no training runs"
cmp -s learning.1 learning.3 || fail "training depends on the number of threads"
fits_schema learning.json || fail "training runs do not fit results/schema.json"
run 0 "${learning[@]}" --clip-norm=0 --rate=1e12 --format=csv --out=learning.json
[ "$(wc -l <out)" = 5 ] && [ "$(grep -c '^learning/[^,]*/relu/.*,diverges,' out)" = 2 ] || fail "--format=csv has no training runs"
fits_schema learning.json || fail "training runs that diverge do not fit results/schema.json"
run 0 --suite=gradients --data=synthetic --inits=he_normal --activations=relu --depths=3 --widths=24 --batch=16 --seeds=2 --out=synthetic.json
grep -q '"data": "synthetic"' synthetic.json || fail "gradients do not take the synthetic set"
fits_schema synthetic.json || fail "gradients of the synthetic set do not fit results/schema.json"

# ---- an earlier result is replaced whole, or kept
echo earlier >kept.json
run 2 --out=kept.json --filter=no_such_kernel
[ "$(cat kept.json)" = earlier ] || fail "a refused run damages an earlier result"
run 0 "${small[@]}" --suite=init --filter=init_zeros
[ "$(ls depthmark-*.json | wc -l)" = 1 ] || fail "there is no result under the default name"

# ---- interruptions
milliseconds() { date +%s%3N; }
# interrupt SIGNAL bench-options: once standard output has $begun (or anything), ends within a second, and one more for a busy machine, or three where an emulator or
# sanitizers slow all down.
interrupt() {
  local signal=$1 status=0 started patience=2000
  shift
  [ ${#emulator[@]} = 0 ] || patience=4000
  rm -f stopped.json
  "${emulator[@]}" "$bench" --out=stopped.json "$@" >out 2>err </dev/null &
  local bench_pid=$!
  for _ in $(seq 200); do # until measuring has begun
    grep -q "${begun:-.}" out && break
    sleep 0.1
  done
  sleep 1
  ! grep -q sanitizers err || patience=4000
  started=$(milliseconds)
  kill -"$signal" $bench_pid
  wait $bench_pid || status=$?
  local took=$(($(milliseconds) - started))
  [ $status = 130 ] || fail "bench $*, stopped by SIG$signal, ended with status $status"
  [ $took -le $patience ] || fail "bench $* took $took ms to stop"
  grep -q '"interrupted": true' stopped.json || fail "bench $*, stopped by SIG$signal, did not mark its result"
  is_json stopped.json || fail "the interrupted result is not JSON"
  fits_schema stopped.json || fail "the interrupted result does not fit results/schema.json"
}
# Bash starts background jobs with SIGINT ignored unless job control is on.
set -m
interrupt INT --suite=limits,init --min-time=60
interrupt TERM --suite=limits,init --min-time=60
interrupt INT --suite=gradients --inits=he_normal --activations=tanh --depths=2 --width=2500 --batch=4000 --seeds=100 --yes
begun=zeros interrupt INT --suite=init,accuracy --filter='init_zeros/|accuracy/' --min-time=0.001 --samples=all
grep -q '"kernel": "init_zeros"' stopped.json || fail "an interrupted accuracy costs the rows before it"
begun=nothing interrupt INT --suite=learning --inits=he_normal --activations=relu,tanh --depths=2 --rate=1e12,1e-9 --epochs=100000 --yes --threads=1
[ "$(grep -c '"verdict": "diverges"' stopped.json)" = 1 ] || fail "an interrupt costs the training runs before it"
set +m
[ -z "$(find . -name '*.json.*')" ] || fail "temporary files are left: $(find . -name '*.json.*')"

# ---- nobody reads on
status=0
"${emulator[@]}" "$bench" "${small[@]}" --suite=init --out=pipe.json 2>err </dev/null | head -1 >/dev/null || status=${PIPESTATUS[0]}
is_json pipe.json && grep -q '"benchmarks"' pipe.json || fail "a closed pipe costs the result"

# ---- a terminal: colour and a line that is rewritten, unless NO_COLOR or TERM objects
if have script && script -qec true /dev/null >/dev/null 2>&1 </dev/null && [ ${#emulator[@]} = 0 ]; then
  on_terminal() { script -qec "$(printf '%q ' env "$@" "$bench" "${small[@]}" --suite=init --filter=init_zeros --out=tty.json)" tty.out >/dev/null </dev/null; }
  escape=$(printf '\033\\[1m')
  on_terminal TERM=xterm
  grep -q "$escape" tty.out || fail "no colour on a terminal"
  on_terminal TERM=xterm NO_COLOR=1
  grep -q "$escape" tty.out && fail "NO_COLOR is not honoured"
  on_terminal TERM=dumb
  grep -q "$escape" tty.out && fail "TERM=dumb is not honoured"
fi

[ $failures = 0 ] && echo "all checks passed"
[ $failures = 0 ]
