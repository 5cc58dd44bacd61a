#!/usr/bin/env bash
# The Debian package: its contents, what it depends on, and that it works unpacked.
# usage: package.sh SOURCE_FOLDER BUILD_FOLDER
set -euo pipefail
source_folder=$1
build=$2
for tool in dpkg-deb dpkg-shlibdeps; do
  command -v $tool >/dev/null || {
    echo "skipped: there is no $tool"
    exit 77
  }
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() {
  echo "$*"
  exit 1
}

cpack -G DEB --config "$build/CPackConfig.cmake" -B "$scratch" >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
package=$(echo "$scratch"/depthmark_*.deb)
[ -e "$package" ] || fail "there is no package: $(ls "$scratch")"
field() { dpkg-deb --field "$package" "$1"; }
[ "$(field Package)" = depthmark ] || fail "Package is $(field Package)"
[ "$(field Architecture)" = "$(dpkg --print-architecture)" ] || fail "Architecture is $(field Architecture)"
[ "$(field Section)" = utils ] || fail "Section is $(field Section)"
for library in libc6 libhwloc15 libjansson4 zlib1g; do
  [[ " $(field Depends)" == *" $library "* ]] || [[ "$(field Depends)" == *"$library "* ]] ||
    fail "does not depend on $library: $(field Depends)"
done

dpkg-deb --contents "$package" >"$scratch/contents"
for file in bin/bench bin/bench-merge lib/.*libdepthmark-kernels.a lib/.*pkgconfig/depthmark-kernels.pc \
  include/depthmark/kernels/kernels.h share/man/man1/bench.1.gz share/man/man1/bench-merge.1.gz \
  share/doc/depthmark/copyright share/bash-completion/completions/bench share/zsh/vendor-completions/_bench; do
  grep -q " ./usr/$file$" "$scratch/contents" || fail "/usr/$file is not in the package: $(cat "$scratch/contents")"
done
if grep -v ' root/root ' "$scratch/contents"; then fail "not all belongs to root"; fi
if grep '^-......w' "$scratch/contents"; then fail "everybody may write to these"; fi

dpkg-deb --extract "$package" "$scratch/root"
"$scratch/root/usr/bin/bench" --version >/dev/null || fail "the packaged bench does not run"
gzip -dc "$scratch/root/usr/share/man/man1/bench.1.gz" | cmp - "$source_folder/tools/man/bench.1"
if readelf -d "$scratch/root/usr/bin/bench" | grep -E 'RPATH|RUNPATH'; then fail "bench looks for libraries where it was built"; fi
echo "$(basename "$package"): $(field Depends)"
