# What tools/run and tools/test share: where things are, and how they speak. Sourced with $0's name in $program.

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd -P)
mkdir -p "$root/build" || exit 1
log=$root/build/$(basename "$program").log

say() { printf '%s: %s\n' "$program" "$*" >&2; }
die() {
  say "$@"
  exit 1
}

# Runs a command silently; where it fails, show_log shows the end of what it said, ninja's steps that went well left out.
quietly() { "$@" >"$log" 2>&1 </dev/null; }
show_log() { sed '/^\[[0-9]*\/[0-9]*\] /d' "$log" | tail -n 60 >&2; }

# Whether a build folder belongs to this source folder and this choice of compiler.
configured() {
  [ -f "$1/build.ninja" ] && grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$1/CMakeCache.txt" &&
    [ "$(cat "$1/chosen-compiler" 2>/dev/null)" = "${CC:-}" ]
}

# configure FOLDER PRESET [CMake options]: from nothing, because CMake can't change the compiler of a build folder.
configure() {
  local folder=$1 preset=$2
  shift 2
  rm -rf "$folder"
  (cd "$root" && quietly cmake --preset "$preset" -B "$folder" "$@") || return 1
  printf '%s' "${CC:-}" >"$folder/chosen-compiler"
}

# Builds the program of that name in tools/ and becomes it: run_tool NAME [arguments].
run_tool() {
  local name=$1 build=$root/build/release
  shift
  configured "$build" || die "nothing is built yet; tools/run --list installs what is missing and builds"
  quietly cmake --build "$build" --target "$name" || {
    show_log
    die "the build failed; its whole output is in $log"
  }
  exec -a "$0" "$build/tools/$name" "$@"
}
