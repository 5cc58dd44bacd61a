#!/usr/bin/env bash
# Code compiled with wide flags must not define an external symbol other than its table: the linker could hand an
# AVX-512 copy of a shared inline function to code that runs before dispatch. Templates of Eigen that carry the ISA in
# their names (eigen_avx512) are such copies for nobody else.
# usage: symbols.sh NM TABLE OBJECT...
set -euo pipefail
nm=$1 table=$2
shift 2
symbols=$("$nm" --extern-only --defined-only "$@" |
  awk -v own="eigen_${table##*_}" 'NF == 3 && !($2 ~ /[WVu]/ && index($3, own)) { print $3 }')
if [ "$symbols" = "$table" ]; then exit 0; fi
echo "expected $table alone, found:"
echo "$symbols"
exit 1
