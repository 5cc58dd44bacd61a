#!/usr/bin/env bash
# CONTRIBUTING.md's worked example, carried out: its three edits in a copy of the tree, built, tested and listed.
# usage: contributing.sh SOURCE_FOLDER C_COMPILER
set -euo pipefail
source_folder=$1 compiler=$2
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

(cd "$source_folder" && tar cf - --exclude=./build --exclude=./.git .) | tar xf - -C "$copy"

# Appends each code block that follows "<!-- example: append FILE -->" to that file of the copy.
awk -v root="$copy" '
  /^<!-- example: append / { file = root "/" $4; next }
  file && /^```c$/ { inside = 1; next }
  inside && /^```$/ { close(file); file = ""; inside = 0; edits++; next }
  inside { print >> file }
  END { if (edits != 3) { print "expected 3 edits in CONTRIBUTING.md, found " edits > "/dev/stderr"; exit 1 } }
' "$source_folder/CONTRIBUTING.md"

cmake -S "$copy" -B "$copy/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER="$compiler" -DDEPTHMARK_PEERS=OFF \
  -DDEPTHMARK_CHARTS=OFF >"$copy/log" 2>&1 ||
  { cat "$copy/log"; exit 1; }
cmake --build "$copy/build" --target bench test_kernels test_identity >"$copy/log" 2>&1 || { cat "$copy/log"; exit 1; }

"$copy/build/harness/bench" --list --filter=squared_relu_forward | grep -q squared_relu_forward ||
  { echo "bench --list does not show the new kernel"; exit 1; }
for arch in scalar neon avx2 avx512; do
  for test in kernels identity; do
    status=0
    "$copy/build/tests/test_$test" "$arch" >"$copy/log" 2>&1 || status=$?
    [ "$status" = 0 ] || [ "$status" = 77 ] || { cat "$copy/log"; exit 1; }
    [ "$status" = 77 ] || [ "$test" = identity ] || grep -q 'OK.*squared_relu_forward' "$copy/log" ||
      { echo "test_kernels does not test the new kernel"; exit 1; }
  done
done
echo "the three edits of CONTRIBUTING.md make a kernel that is listed and tested"
