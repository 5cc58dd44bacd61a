# What tools/tile-limits and tools/predict share: kernels' objects, and llvm-mca's word on loops taken from them. Needs
# lib.sh, and $scratch, a folder for files that go.

# compile_command BUILD ISA: how the build compiles this instruction set's table, a shell command in one line.
compile_command() {
  sed -nE "/-DDEPTHMARK_ISA=$2 .*isa_table\.c\"/{s/^ *\"command\": \"(.*)\",?\$/\1/;s/\\\\(.)/\1/g;p}" \
    "$1/compile_commands.json"
}

# object_of BUILD ISA: sets $object to the compiled table.
object_of() {
  local argument before='' command
  eval "command=($(compile_command "$1" "$2"))"
  for argument in "${command[@]}"; do
    if [ "$before" = -o ]; then object=$1/$argument; fi
    before=$argument
  done
  [ -f "$object" ] || die "$object is missing; build it with: cmake --build $1"
}

# Which compiler made an object: "gcc 12.2.0".
compiler_of() {
  llvm-readobj-19 --string-dump=.comment "$1" |
    sed -nE 's/.*(GCC|clang)[^0-9]*( \(.*\) | version )([0-9.]+).*/\1 \3/p' | sed 's/^GCC/gcc/;q'
}

architecture_of() { llvm-readobj-19 --file-headers "$1" | sed -n 's/^Arch: //p'; }

# disassemble OBJECT FILE
disassemble() { llvm-objdump-19 --disassemble --no-show-raw-insn "$1" >"$2"; }

# build_kernels BUILD_FOLDER...: each by the preset it is called after.
build_kernels() {
  local build
  for build; do
    say "building the kernels in $build"
    configured "$build" || configure "$build" "$(basename "$build")" &&
      quietly cmake --build "$build" --target kernels || {
      show_log
      die "the build failed; its whole output is in $log"
    }
  done
}

is_build_folder() {
  [ -f "$1/compile_commands.json" ] || die "$1 is no build folder of CMake's: it has no compile_commands.json"
}

# run_mca ARCHITECTURE MODEL TURNS LOOPS: llvm-mca's report, to $scratch/report-MODEL, its errors to
# $scratch/errors-MODEL. Status 2: it does not know the model, 1: it cannot read a loop.
run_mca() {
  local report=$scratch/report-$2 errors=$scratch/errors-$2 features=''
  if [ "$1" = aarch64 ]; then features=-mattr=+aes; fi # which every one of these CPUs has, and no name implies
  # shellcheck disable=SC2086 # may be no word
  llvm-mca-19 -mtriple="$1" -mcpu="$2" $features -iterations="$3" -instruction-info=false "$4" \
    >"$report" 2>"$errors" && ! grep -q 'not a recognized processor' "$errors" && return
  if grep -q 'not a recognized processor' "$errors"; then return 2; fi
  return 1
}

# Of a report, a line for each loop: its name, cycles of a turn, the busiest resource, and how much of the time it and
# the front end are busy.
summary_of() { awk -f "$root/tools/mca-report.awk" "$1"; }
