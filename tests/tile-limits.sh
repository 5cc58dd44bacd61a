#!/usr/bin/env bash
# The hot loops of a build's matrix tiles in llvm-mca's models of CPUs: tools/tile-limits must be content with them, for
# NEON with clang's, too. And it must see a loop that spills.
# usage: tile-limits.sh SOURCE_FOLDER BUILD_FOLDER COMPILER_ID
set -euo pipefail
tool=$1/tools/tile-limits build=$2 compiler=$3
for needed in llvm-mca-19 llvm-objdump-19 llvm-readobj-19; do
  command -v $needed >/dev/null || {
    echo "skipped: $needed is missing; Debian has it in llvm-19"
    exit 77
  }
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
out=$scratch/out
fail() {
  echo "$*"
  exit 1
}

"$tool" --no-install "$build" | tee "$out"
grep -qE '^(neoverse-n1|haswell) .*%' "$out" || fail "no model has been tried"

# A llvm-mca that lacks a model.
mkdir "$scratch/bin"
sed "s|LLVM_MCA|$(command -v llvm-mca-19)|" >"$scratch/bin/llvm-mca-19" <<'END'
#!/usr/bin/env bash
shopt -s extglob
exec LLVM_MCA "${@/#-mcpu=@(haswell|neoverse-n1)/-mcpu=nonesuch}"
END
chmod +x "$scratch/bin/llvm-mca-19"
PATH=$scratch/bin:$PATH "$tool" --no-install "$build" >"$out"
grep -qE '^(neoverse-n1|haswell) +skipped: ' "$out" || fail "a model that llvm-mca lacks is not skipped by name"
grep -qE '^(neoverse-v2|znver3) .*%' "$out" || fail "a model that llvm-mca lacks ends the run"
grep -q '^neon tile ' "$out" || exit 0

if [ "$compiler" = GNU ]; then
  if command -v clang >/dev/null; then
    "$tool" --no-install --cc='clang --target=aarch64-linux-gnu' "$build"
  else
    echo "without clang only gcc's loop is held"
  fi
  fixed=$(printf ' -ffixed-v%d' 16 17 18 19 20 21 22 23)
  status=0
  echo "the same with eight registers less, which must be refused"
  "$tool" --no-install --flags="$fixed" "$build" 2>&1 | tee "$out" || status=$?
  [ $status = 1 ] || fail "exit status $status instead of 1 for a loop that spills"
  grep -q 'below 95 %: our code takes more than' "$out" || fail "a loop that spills is not blamed on the code"
  grep -q 'NEON tiles below 95 %' "$out" || fail "does not say that NEON tiles are below the bar"
fi
