#!/usr/bin/env bash
# tools/run and tools/test on systems made up of a PATH with few commands and stand-ins for apt, cmake and ctest.
# usage: scripts.sh SOURCE_FOLDER
set -euo pipefail
source_folder=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# shellcheck disable=SC2016 # the bodies of stand-ins expand when they run
failures=0
number=0

# A folder of commands: the system's own, and none that the scripts look for.
mkdir "$scratch/base"
for name in bash sh env dirname readlink basename mkdir grep sed cat uname id rm tail tr touch chmod nproc; do
  ln -s "$(command -v "$name")" "$scratch/base/$name"
done

# stand_in NAME: a command whose body is read from stdin; $calls is the file in which it notes calls.
stand_in() {
  { printf '#!/bin/bash\ncalls="%s"\n' "$calls" && cat; } >"$bin/$1"
  chmod +x "$bin/$1"
}
without() { for name; do rm -f "$bin/$name"; done; }

# Begins a test: a fresh copy of the tools in a path with spaces, an empty system.
begin() {
  test_name=$1
  number=$((number + 1))
  tree="$scratch/a tree $number"
  bin=$scratch/bin$number
  calls=$scratch/calls$number
  mkdir "$tree" "$bin"
  : >"$calls"
  cp -r "$source_folder/tools" "$tree/"
  expected_status=0
}

# Runs a tool from another folder, without stdin.
run() {
  local status=0
  (cd / && exec env -u CC PATH="$bin:$scratch/base" ${CC:+CC="$CC"} "$tree/tools/$1" "${@:2}") \
    >"$scratch/out" 2>"$scratch/err" <&- || status=$?
  [ "$status" = "$expected_status" ] || fail "exit status $status instead of $expected_status"
}
fail() {
  echo "$test_name: $*"
  sed 's/^/  stdout: /' "$scratch/out"
  sed 's/^/  stderr: /' "$scratch/err"
  sed 's/^/  call: /' "$calls"
  failures=$((failures + 1))
}
says() { grep -qF -- "$1" "$scratch/err" || fail "does not say: $1"; }
prints() { grep -qxF -- "$1" "$scratch/out" || fail "does not print: $1"; }
calls() { grep -q -- "$1" "$calls" || fail "does not call: $1"; }
never_calls() { if grep -q -- "$1" "$calls"; then fail "calls: $1"; fi; }

# A system with all that tools/run needs, and a cmake that makes a bench that shows its options.
with_build_tools() {
  stand_in cc </dev/null
  stand_in pkg-config </dev/null
  stand_in ninja <<'END'
[ -e "$2/stale" ] || echo "ninja: no work to do."
END
  stand_in cmake <<'END'
echo "cmake $*" >>"$calls"
case $1 in
--version) echo "cmake version 3.25.1" ;;
--preset)
  mkdir -p "$4/harness" && touch "$4/build.ninja"
  echo "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" >"$4/CMakeCache.txt"
  ;;
--build)
  [ ! -e "$2/broken" ] || { echo "error: no such thing"; exit 1; }
  printf '#!/bin/bash\necho "bench $*"\n' >"$2/harness/bench"
  chmod +x "$2/harness/bench"
  rm -f "$2/stale"
  ;;
esac
END
}

# apt that knows every package once its lists are refreshed, and installs nothing.
with_apt() {
  stand_in dpkg-query </dev/null
  stand_in apt-get <<'END'
echo "apt-get $*" >>"$calls"
case "$*" in
*update*) touch "$calls.refreshed" ;;
*" -s "*) [ -e "$calls.refreshed" ] || { echo "E: Unable to locate package"; exit 100; } ;;
esac
END
}
as_superuser() { stand_in id <<<'echo 0'; }
as_user() { stand_in id <<<'echo 1000'; }

begin "a second call goes straight to bench"
with_build_tools
run run --list
prints "bench --list"
says "building in"
calls "--preset release"
: >"$calls"
run run
prints "bench --arch=auto"
[ ! -s "$scratch/err" ] || fail "is not silent"
never_calls "--preset"

begin "a changed source is built, and said"
with_build_tools
run run --list
touch "$tree/build/release/stale"
run run --list
says "tools/run: building"

begin "a build that fails shows why"
with_build_tools
run run --list
touch "$tree/build/release/stale" "$tree/build/release/broken"
expected_status=1
run run --list
says "error: no such thing"
says "the build failed"

begin "--peers installs other libraries, saying so, and configures anew"
with_build_tools
with_apt
as_superuser
stand_in cc <<'END'
! grep -qE 'Random123|dnnl|xsmm|xnnpack|pthreadpool'
END
run run --list
: >"$calls"
run run --peers --list
prints "bench --peers --list"
packages="librandom123-dev libopenblas0-openmp libblis4-openmp libdnnl-dev libxsmm-dev libxnnpack-dev libpthreadpool-dev g++"
says "tools/run: installing with apt-get: $packages"
calls "apt-get .*install --no-install-recommends $packages"
calls "--preset release"
: >"$calls"
run run --no-install --peers
prints "bench --peers"
says "without librandom123-dev"
never_calls apt-get
never_calls "--preset"

begin "--peers goes without a library that can't be had"
with_build_tools
with_apt
as_superuser
stand_in cc <<'END'
! grep -qE 'Random123|xnnpack'
END
stand_in c++ </dev/null
stand_in dpkg-query <<'END'
case $4 in
libopenblas0-openmp | libblis4-openmp) echo "(installed)" ;;
*) if grep -qs -- "$4" "$calls.installed"; then echo "(installed)"; fi ;;
esac
END
stand_in apt-get <<'END'
echo "apt-get $*" >>"$calls"
case "$*" in
*xnnpack*) echo "E: Unable to locate package libxnnpack-dev"; exit 100 ;;
*" -y "*) echo "$*" >>"$calls.installed" ;;
esac
END
run run --list
: >"$calls"
run run --peers
says "without libxnnpack-dev, --peers shows"
says "apt-get cannot install librandom123-dev libxnnpack-dev: E: Unable to locate package libxnnpack-dev"
calls "install --no-install-recommends librandom123-dev$"
calls "--preset release"
prints "bench --peers"

begin "each compiler has its build folder"
with_build_tools
cp "$bin/cc" "$bin/clang"
run run --list
CC=clang run run --list
[ -x "$tree/build/release-clang/harness/bench" ] || fail "no build folder for clang"
: >"$calls"
run run --list
never_calls "--preset"

begin "another compiler of the same name begins anew"
with_build_tools
cp "$bin/cc" "$bin/clang"
CC=clang run run --list
: >"$calls"
CC="$bin/clang" run run --list
calls "--preset release"

begin "a moved tree is configured again"
with_build_tools
run run --list
mv "$tree" "$tree moved"
tree="$tree moved"
: >"$calls"
run run --list
calls "--preset release"

begin "an old cmake is refused"
with_build_tools
stand_in cmake <<<'echo "cmake version 3.18.4"'
expected_status=1
run run
says "CMake 3.22 or newer is needed, and this one is 3.18"

begin "without apt the packages are named"
with_build_tools
without ninja pkg-config
expected_status=1
run run
says "this system has no apt"
says "Ninja (ninja-build)"
says "SLEEF (libsleef-dev)"
[ "$(wc -l <"$scratch/err")" = 1 ] || fail "says more than a line"

begin "--no-install leaves the system alone"
with_apt
as_superuser
expected_status=1
run run --no-install
says "missing: CMake 3.22 or newer (cmake)"
says "apt-get install --no-install-recommends cmake ninja-build"
never_calls apt-get

begin "without root or sudo the command is shown"
with_apt
as_user
expected_status=1
run run
says "As root, type: apt-get install --no-install-recommends cmake"
never_calls apt-get

begin "with sudo, sudo is used"
with_build_tools
with_apt
as_user
without ninja
stand_in sudo <<'END'
echo "sudo $*" >>"$calls"
exec "$@"
END
run run --list
says "installing with apt-get: ninja-build"
calls "sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y .*install --no-install-recommends ninja-build"

begin "lists that know no package are refreshed once"
with_build_tools
with_apt
as_superuser
without ninja
run run --list
says "installing with apt-get: ninja-build"
says "refreshing apt's package lists"
[ "$(grep -c update "$calls")" = 1 ] || fail "refreshes $(grep -c update "$calls") times"

begin "lists that know the packages are not refreshed"
with_build_tools
with_apt
as_superuser
without ninja
touch "$calls.refreshed"
run run --list
never_calls update

begin "an installation that fails is shown"
with_build_tools
with_apt
as_superuser
without ninja
stand_in apt-get <<<'echo "E: the disk is full"; exit 100'
expected_status=1
run run
says "E: the disk is full"

begin "clang brings its OpenMP runtime"
with_apt
as_superuser
expected_status=1
CC=clang run run --no-install
says "the OpenMP runtime (libomp-dev)"
CC=clang-19 run run --no-install
says "the C compiler clang-19 (clang-19)"
says "(libomp-19-dev)"

begin "help needs nothing"
run run --help
grep -q "usage: tools/run" "$scratch/out" || fail "no usage"
run test --help
grep -q "usage: tools/test" "$scratch/out" || fail "no usage"
run fuzz --help
grep -q "usage: tools/fuzz" "$scratch/out" || fail "no usage"
run tile-limits --help
grep -q "usage: tools/tile-limits" "$scratch/out" || fail "no usage"

# ctest that lists three tests and shows the file that tools/test has made.
with_ctest() {
  stand_in ctest <<'END'
if [ "$1" = -N ]; then
  printf '  Test  #%d: native/%s\n' 1 kernels_scalar 2 kernels_avx2 13 dispatch_Haswell
else
  cat CTestTestfile.cmake
  echo "ctest $*"
fi
END
}

begin "tests of builds that can't be made are skipped by name"
with_build_tools
with_ctest
stand_in uname <<<'if [ "${1-}" = -s ]; then echo Linux; else echo x86_64; fi'
run test --no-install -R kernels
says "skipping the tests of clang: missing: clang libomp-dev"
says "skipping the tests of arm64: missing: qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
says "without llvm-mca the tests tile-limits are skipped (missing: llvm-19)"
says "without npm reports have no charts, and the tests report_* are skipped (missing: nodejs npm)"
says "without zsh the test completions_zsh is skipped (missing: zsh)"
says "without mandoc the test manuals is skipped (missing: mandoc)"
says "without dpkg-dev the test package is skipped (missing: dpkg-dev)"
says "without Chromium the test report_browser is skipped (missing: chromium chromium-driver)"
prints "subdirs(\"$tree/build/native\")"
for name in clang/kernels_scalar clang/kernels_avx2 clang/dispatch_Haswell arm64/kernels_scalar arm64/kernels_neon; do
  grep -qF "add_test(\"$name\"" "$scratch/out" || fail "$name is not among the tests"
done
for name in arm64/kernels_avx2 arm64/dispatch_Haswell native/kernels_scalar; do
  if grep -qF "add_test(\"$name\"" "$scratch/out"; then fail "$name is among those skipped"; fi
done
grep -q '^ctest .*-R kernels$' "$scratch/out" || fail "ctest does not get its options"

begin "on arm64 nothing is emulated"
with_build_tools
with_ctest
stand_in uname <<<'if [ "${1-}" = -s ]; then echo Linux; else echo aarch64; fi'
run test --no-install
never_calls "--preset arm64"
if grep -q 'arm64/' "$scratch/out"; then fail "tests are emulated"; fi

[ $failures = 0 ] || exit 1
echo "$number made-up systems, all as they should be"
