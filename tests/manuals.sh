#!/usr/bin/env bash
# The man pages: in order, and of the options that --help has, no more and no less.
# usage: manuals.sh SOURCE_FOLDER BUILD_FOLDER
set -euo pipefail
source_folder=$1
build=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0
fail() {
  echo "$*"
  failures=$((failures + 1))
}
options() { grep -oE -e '(^|[^a-zA-Z0-9_-])--[a-z][a-z_-]*' | grep -oE -e '--[a-z_-]+' | sort -u; }

"$build/harness/bench" --help | options >"$scratch/bench.help"
for page in "$source_folder"/tools/man/*.1; do
  name=$(basename "$page" .1)
  program=$build/tools/$name
  [ -x "$program" ] || program=$build/harness/$name
  [ -x "$program" ] || {
    fail "$name has a man page and is no program"
    continue
  }
  # In the page an option is set as .Fl -name.
  grep -oE -e 'Fl -[a-z][a-z_-]*' "$page" | sed 's/Fl -/--/' | sort -u >"$scratch/$name.page"
  "$program" --help </dev/null | options >"$scratch/$name.help"
  # bench's own options are spoken of in the help of the others, and --help need not be in itself.
  if [ "$name" = bench ]; then
    difference=$(diff "$scratch/$name.help" "$scratch/$name.page") || fail "$name: options of --help (<) and of its man page (>) differ:
$difference"
  else
    while read -r option; do
      [ "$option" = --help ] || grep -qxF -e "$option" "$scratch/$name.help" "$scratch/bench.help" ||
        fail "$name: $option is in its man page, but not in --help"
    done <"$scratch/$name.page"
    while read -r option; do
      grep -qF -e "$option" "$page" || grep -qxF -e "$option" "$scratch/$name.page" ||
        fail "$name: $option is in --help, but not in its man page"
    done <"$scratch/$name.help"
  fi
  while read -r status; do
    grep -qx ".It $status" "$page" || fail "$name: exit status $status is not in its man page"
  done < <("$program" --help </dev/null | tr '\n' ' ' | sed 's/.*Exit status: //' | grep -oE '(^|; )[0-9]+ ' | tr -d '; ')
done
for name in bench bench-merge; do
  [ -e "$source_folder/tools/man/$name.1" ] || fail "$name has no man page"
done
[ $failures = 0 ] || exit 1

command -v mandoc >/dev/null || {
  echo "skipped: options are in the man pages, but there is no mandoc to look at their form"
  exit 77
}
# Pages that are not installed yet are not found where mandoc looks for them.
lint=$(mandoc -T lint "$source_folder"/tools/man/*.1 | grep -v 'referenced manual not found: Xr bench') || true
[ -z "$lint" ] || {
  echo "$lint"
  exit 1
}
