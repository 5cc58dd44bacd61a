#!/usr/bin/env bash
# Loops that tools/predict takes from made-up disassemblies and from this build's kernels, and cycles that are known by
# hand; what it does with a result; what it says of wrong input.
# usage: predict.sh SOURCE_FOLDER BUILD_FOLDER BENCH BENCH_PREDICT [EMULATOR...]
set -euo pipefail
source=$1 build=$2 bench=$3 predict=$4
shift 4
for needed in llvm-mca-19 llvm-objdump-19 llvm-readobj-19; do
  command -v $needed >/dev/null || {
    echo "skipped: $needed is missing; Debian has it in llvm-19"
    exit 77
  }
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() {
  echo "$*"
  exit 1
}

# loop_of EXPECTED: the loop in the disassembly on standard input is described so.
loop_of() {
  local got
  echo work >"$scratch/names"
  cat >"$scratch/made-up"
  got=$(awk -v functions="$scratch/names" -f "$source/tools/asm-loops.awk" -f "$source/tools/kernel-loops.awk" \
    "$scratch/made-up" | awk '$1 == "loop" && $7 ~ /,/ {
      split($7, by, ",")
      if (by[1] + 0 > by[2] + 0) $7 = by[2] "," by[1]
    } NR == 1 { print }')
  [ "$got" = "$1" ] || fail "a made-up loop is \"$got\" instead of \"$1\""
}

# Whole vectors go one way, the last few elements another; the pointer is on the stack; one register has the last turn's.
loop_of "loop work 64 64 32 32 8,64 1 0 12" <<'END'
0000000000000000 <work.isra.0>:
       0:      	xorl	%eax, %eax
       2:      	jmp	0x20 <work.isra.0+0x20>
      10:      	vmaskmovps	%ymm0, %ymm1, (%rdx)
      15:      	jmp	0x60 <work.isra.0+0x60>
      20:      	movq	0x8(%rsp), %rdx
      24:      	movq	%rax, %rcx
      28:      	cmpq	%rsi, %rax
      2c:      	jae	0x10 <work.isra.0+0x10>
      30:      	vmovups	(%rdi,%rcx,4), %ymm0
      34:      	vfmadd231ps	0x40(%rsp), %ymm1, %ymm0
      38:      	vmovups	%ymm0, (%rdx)
      3c:      	vmovups	%ymm0, 0x20(%rdx)
      60:      	addq	$0x40, %rdx
      64:      	movq	%rdx, 0x8(%rsp)
      68:      	addq	$0x8, %rax
      6c:      	jne	0x20 <work.isra.0+0x20>
      70:      	retq
END
# An inner loop of four turns.
loop_of "loop work 64 64 64 64 16,64 0 0 30" <<'END'
0000000000000000 <work>:
       0:      	mov	x5, x1
       4:      	mov	x4, #0x0                // =0
       8:      	add	x6, sp, #0x10
       c:      	ldr	q0, [x0, x4]
      10:      	add	x4, x4, #0x10
      14:      	str	q0, [x6], #0x10
      18:      	cmp	x4, #0x40
      1c:      	b.ne	0xc <work+0xc>
      20:      	ldp	q0, q1, [sp, #0x10]
      24:      	stp	q0, q1, [x5]
      28:      	stp	q0, q1, [x5, #0x20]
      2c:      	add	x0, x0, #0x40
      30:      	add	x5, x5, #0x40
      34:      	add	x7, x7, #0x10
      38:      	cmp	x7, x2
      3c:      	b.ne	0x4 <work+0x4>
      40:      	ret
END
# Stores past the caches, and of parts of a vector, are not what is asked for, be their ways shorter.
loop_of "loop work 64 64 64 64 64 0 0 5" <<'END'
0000000000000000 <work>:
       0:      	vmovups	(%rdi), %zmm0
       4:      	vmovntps	%zmm0, (%rdx)
       8:      	addq	$0x40, %rdx
       c:      	jne	0x0 <work>
      10:      	vmovups	(%rdi), %zmm0
      14:      	vmovups	%zmm0, (%rdx)
      18:      	addq	$0x40, %rdx
      1c:      	addq	$0x40, %rdi
      20:      	jne	0x10 <work+0x10>
      24:      	vmovups	%zmm0, (%rdx) {%k1}
      28:      	addq	$0x40, %rdx
      2c:      	jne	0x24 <work+0x24>
      30:      	retq
END
loop_of "calls work other" <<'END'
0000000000000000 <work>:
       0:      	jmp	0x40 <other>
END
loop_of "none work calls other functions in its loop" <<'END'
0000000000000000 <work>:
       0:      	vmovups	(%rdi), %ymm0
       4:      	callq	0x9 <work+0x9>
       9:      	vmovups	%ymm0, (%rdi)
       d:      	addq	$0x20, %rdi
      11:      	jne	0x0 <work>
END

# predicted [OPTION...]: tools/predict on this build.
predicted() { "$source/tools/predict" --no-install --program="$* $predict" "$build" "${options[@]}"; }
if grep -q 'DDEPTHMARK_ISA=neon ' "$build/compile_commands.json"; then
  model=neoverse-n1 isas=neon
else
  model=skylake-avx512 isas='avx2 avx512'
fi

# Every loop is found, and goes on by what it stores.
options=(--models=nonesuch)
predicted "$@" >"$scratch/out"
if grep -E 'followed|goes on by|by as many|no loop of vectors|no function of its own|several functions' "$scratch/out"; then
  fail "there are kernels whose loops are not understood"
fi
for isa in $isas; do
  grep -q "^$isa, .*: cycles of an element" "$scratch/out" || fail "there is no table of $isa"
done

checked='linear_derivative relu_forward tanh_forward gelu_backward softplus_bias tanh_both prelu_forward mish_derivative
  philox4x32_10 jax_words init_normal init_uniform init_he_normal init_zeros adam_update momentum_update bf16_round
  memory_read memory_copy memory_write gemm_tile.*'
options=(--models=$model --format=csv --filter="/(softmax_forward|tanh_forward_sleef|fma_peak|multiply_peak|add_latency|$(echo $checked | tr ' ' '|'))/")
predicted "$@" >"$scratch/csv"
# value_of ISA KERNEL COLUMN
value_of() { awk -F, -v isa="$1" -v kernel="$2" -v column="$3" '$3 == isa && $2 ~ "^" kernel "$" { print $column }' "$scratch/csv"; }
# is ISA KERNEL COLUMN LEAST MOST
is() {
  awk -v value="$(value_of "$1" "$2" "$3")" -v least="$4" -v most="$5" \
    'BEGIN { exit !(value != "" && value >= least && value <= most) }' ||
    fail "$1 $2: \"$(value_of "$1" "$2" "$3")\" is not from $4 to $5"
}
for isa in $isas; do
  case $isa in neon) lanes=4 ;; avx2) lanes=8 ;; avx512) lanes=16 ;; esac
  for kernel in $checked; do
    elements=$(value_of $isa "$kernel" 5)
    [ -n "$elements" ] || fail "$isa $kernel has no loop: $(value_of $isa "$kernel" 12)"
    [ $((elements % lanes)) = 0 ] || fail "$isa $kernel: a turn makes $elements elements, no whole vectors of $lanes"
    is $isa "$kernel" 6 0.001 20
  done
  is $isa relu_forward 5 $((4 * lanes)) $((4 * lanes))
  is $isa momentum_update 5 $lanes $lanes
  is $isa fma_peak 5 12 12
  # Two FMAs a cycle, and one store.
  is $isa 'gemm_tile.*' 6 "$(awk "BEGIN { print 0.49 / $lanes }")" "$(awk "BEGIN { print 0.7 / $lanes }")"
  if [ $isa != neon ]; then
    is $isa fma_peak 6 0.495 0.505
    is $isa memory_write 6 "$(awk "BEGIN { print 0.99 / $lanes }")" "$(awk "BEGIN { print 1.02 / $lanes }")"
    is $isa multiply_peak 6 0.495 0.505
    is $isa add_latency 6 3.95 4.05
  fi
  [ "$(value_of $isa softmax_forward 12)" = '"several passes over each row"' ] || fail "softmax has a prediction"
  [ "$(value_of $isa tanh_forward_sleef 12)" = '"calls SLEEF in its loop"' ] || fail "a call of SLEEF has a prediction"
done
# With a result.
"$@" "$bench" --quick --threads=1 --arch="${isas// /,}" --filter='/(relu_forward|fma_peak)/' --out="$scratch/result.json" \
  >/dev/null 2>&1 ||
  "$@" "$bench" --quick --threads=1 --filter='/(relu_forward|fma_peak)/' --out="$scratch/result.json" >/dev/null
options=(--models=$model --filter='/(relu_forward|fma_peak)/' --format=json -o "$scratch/added.json" "$scratch/result.json")
predicted "$@" >"$scratch/json"
cat >"$scratch/count.cmake" <<'END'
file(READ ${FILE} text)
string(JSON count LENGTH "${text}" predictions)
message("${count} predictions")
END
for file in json added.json; do
  cmake -DFILE="$scratch/$file" -P "$scratch/count.cmake" 2>&1 | grep -qE '^[1-9][0-9]* predictions' ||
    fail "$file has no predictions"
done
count() { cmake -DFILE="$1" -P "$scratch/count.cmake" 2>&1; }
before=$(count "$scratch/added.json")
cp "$scratch/added.json" "$scratch/result.json"
predicted "$@" >/dev/null
[ "$(count "$scratch/added.json")" = "$before" ] || fail "predictions that a result has are added again"
for machine in AuthenticAMD:25:17:znver4 AuthenticAMD:26:2:znver5 GenuineIntel:6:143:sapphirerapids GenuineIntel:6:1:; do
  IFS=: read -r vendor family number expected <<<"$machine"
  sed -E 's/^( *"cpu": ).*/\1"a CPU",/;s/^( *"vendor": ).*/\1"'"$vendor"'",/;s/^( *"family": ).*/\1"'"$family"'",/;s/^( *"model": )"[0-9a-fx]*",/\1"'"$number"'",/' \
    "$scratch/result.json" >"$scratch/other.json"
  [ "$("$@" "$predict" --host-model "$scratch/other.json")" = "$expected" ] || fail "$machine is not known"
done

# Wrong input.
# refused WORDS COMMAND...
refused() {
  local words=$1 status=0
  shift
  "$@" >"$scratch/out" 2>&1 || status=$?
  [ $status != 0 ] && grep -q -- "$words" "$scratch/out" || fail "\"$words\" was expected of: $*; $(cat "$scratch/out")"
}
echo "loop avx2 tanh_forward 128 128 many" >"$scratch/facts"
refused 'facts:1: .* is no line' "$@" "$predict" "$scratch/facts"
refused 'cannot be opened' "$@" "$predict" "$scratch/nonesuch"
refused 'no extended regular expression' "$@" "$predict" --filter='(' "$scratch/facts"
options=(-o "$scratch/x.json")
refused 'name a RESULT.json' predicted "$@"
options=(--filter=nonesuch)
refused 'matches no kernel' predicted "$@"
options=(--models='znver4,,x')
refused 'names between commas' predicted "$@"
options=(--models=znver4,neoverse-zz,cortex-zz --filter='/relu_forward/')
predicted "$@" >"$scratch/out"
[ "$isas" != neon ] || grep -q 'skipped: this llvm-mca does not know neoverse-zz' "$scratch/out" ||
  fail "an unknown model is not named"
