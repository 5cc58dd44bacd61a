#!/usr/bin/env bash
# What is installed works away from where it was built: the programs, and the kernels for another program.
# usage: install.sh SOURCE_FOLDER BUILD_FOLDER C_COMPILER
set -euo pipefail
source_folder=$1
build=$2
cc=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() {
  echo "$*"
  exit 1
}

prefix="$scratch/a prefix"
cmake --install "$build" --prefix "$prefix" >"$scratch/log" || fail "not installed: $(cat "$scratch/log")"
for file in bin/bench bin/bench-merge share/doc/depthmark/{copyright,README.md,results/README.md,results/schema.json} \
  include/depthmark/kernels/{kernels.h,kernels.def,select.h,cpu.h} share/man/man1/bench.1.gz \
  share/man/man1/bench-merge.1.gz share/bash-completion/completions/bench share/zsh/site-functions/_bench; do
  [ -s "$prefix/$file" ] || fail "$file is not installed"
done
if found=$(grep -rlF -e "$source_folder" -e "$build" "$prefix"); then fail "points to where it was built: $found"; fi

# The programs run from anywhere, and say the same as those that were built.
for program in "$prefix"/bin/*; do
  (cd / && "$program" --help >"$scratch/help") || fail "$program --help fails"
  grep -qi "usage" "$scratch/help" || fail "$program --help says: $(cat "$scratch/help")"
done
(cd "$scratch" && "$prefix/bin/bench" --list >list) || fail "bench --list fails"
grep -q activation/tanh_forward "$scratch/list" || fail "bench --list lists no tanh"

# In a prefix without blanks, which pkg-config and compilers' flags need.
mv "$prefix" "$scratch/prefix"
pc=$(find "$scratch/prefix" -name depthmark-kernels.pc)
export PKG_CONFIG_PATH=${pc%/*}
flags=$(pkg-config --cflags --libs depthmark-kernels)
# shellcheck disable=SC2086 # a list of flags
"$cc" -Wall -Wextra -Werror -pedantic "$source_folder/tests/install.c" -o "$scratch/program" $flags -lm
arch=$("$scratch/program") || fail "the program that uses the kernels fails"
echo "pkg-config gives: $flags"
echo "a program of the installed kernels runs on $arch"
[ "$(pkg-config --modversion depthmark-kernels)" = "$("$scratch/prefix/bin/bench" --version | sed 's/[^0-9]*\([0-9.]*\).*/\1/')" ] ||
  fail "the versions differ"

# The same below a DESTDIR, as packagers install.
DESTDIR=$scratch/root cmake --install "$build" --prefix /usr >/dev/null
[ -x "$scratch/root/usr/bin/bench" ] || fail "DESTDIR is not obeyed"
