# After asm-loops.awk: the hot loops of an object's register tiles, for llvm-mca. A tile's functions are named
# gemm_tile_<rows>x<vectors><variant>; of each variant the full tile, the largest, counts. Its hot loop is the one with
# the most fused multiply-adds (FMAs). Printed are a line "tile <rows>x<vectors><variant> <FMAs>" and three loops, each
# followed by a line "end":
#   the hot loop as it is,
#   32 times as many FMAs of its form, none of which waits for another for long: they take all registers in turn,
#   these and the hot loop's loads, which nothing waits for, spread evenly, and a counter.

function wanted(name) { return name ~ /^gemm_tile_[0-9]+x[0-9]+/ }
function hopeless(line) { return 0 }
function worth() { return fmas_on_path() }

# A load into vector registers; what comes back from the stack is a spill.
function is_load(line) {
  if (line ~ /%rsp|\[sp/) return 0
  return line ~ /^ld[a-z0-9]*[ \t]+[{ ]*[qdsv][0-9]/ ||
    line ~ /^vp?(mov|broadcast)[a-z0-9]*[ \t]+[^%,]*\([^)]*\), *%[xyz]mm/
}

# An FMA of line's form that adds to register `to`. Its multiplicands are registers 0 and 1, or in memory if they were
# and memory is not 0.
function independent(line, to, memory,    multiplicand, registers) {
  if (!is_x86(line)) {
    sub(/v[0-9]+/, "V" to, line)
    sub(/v[0-9]+/, "V0", line)
    sub(/v[0-9]+/, "V1", line)
    gsub(/V/, "v", line)
    return line
  }
  sub(/(132|213)/, "231", line)
  match(line, /%[xyz]mm/)
  registers = substr(line, RSTART, RLENGTH)
  multiplicand = registers "1"
  if (memory && match(line, /[^ \t,]*\([^)]*\)(\{1to[0-9]+\})?/)) multiplicand = substr(line, RSTART, RLENGTH)
  match(line, /^[a-z0-9]+/)
  return substr(line, 1, RLENGTH) "\t" multiplicand ", " registers "0, " registers to
}

# A load that moves no pointer, into registers that no FMA reads: 2, and 3 for the second of a pair.
function loose(line) {
  if (is_x86(line)) {
    sub(/mm[0-9]+$/, "mm2", line)
    return line
  }
  sub(/\], .*$/, "]", line)
  sub(/\]!$/, "]", line)
  if (line ~ /^ldp/) sub(/q[0-9]+, q[0-9]+/, "q2, q3", line)
  if (line ~ /^ldu?r/) sub(/q[0-9]+/, "q2", line)
  return line
}

# The hot loop, with count FMAs, and the others, as they are printed.
function loops(count,    i, n, k, load_count, load, registers, first_free, whole, alone, ideal) {
  for (i = 1; i <= hot_steps; i++) {
    whole = whole with_label(hot[i]) "\n"
    if (is_load(hot[i])) load[++load_count] = loose(hot[i])
  }
  first_free = whole ~ /%ymm/ ? 3 : 4
  registers = (whole ~ /%ymm/ ? 16 : 32) - first_free
  for (k = 0; k < 32; k++)
    for (i = 1; i <= hot_steps; i++)
      if (is_fma(hot[i])) alone = alone independent(hot[i], first_free + n++ % registers, 0) "\n"
  n = k = 0
  for (i = 1; i <= hot_steps; i++) {
    if (!is_fma(hot[i])) continue
    ideal = ideal independent(hot[i], first_free + n % registers, 1) "\n"
    n++
    while (k < load_count && k * count < n * load_count) ideal = ideal load[++k] "\n"
  }
  ideal = ideal (is_x86(whole) ? "decq %rcx\njne hot\n" : "subs x9, x9, #1\nb.ne hot\n")
  return "hot:\n" whole "end\nhot:\n" alone "end\nhot:\n" ideal "end\n"
}

# The function's loops are kept if its tile is no smaller than those of its variant before.
function function_ends(    variant, size, tile) {
  hot_loop()
  tile = name
  sub(/\..*/, "", tile) # a compiler's suffix, such as .constprop.0
  sub(/^gemm_tile_/, "", tile)
  variant = tile
  sub(/^[0-9]+x[0-9]+/, "", variant)
  split(tile, size, /[^0-9]+/)
  if (!hot_steps || size[1] * size[2] < largest[variant]) return
  if (size[1] * size[2] > largest[variant]) kept[variant] = ""
  largest[variant] = size[1] * size[2]
  kept[variant] = kept[variant] "tile " tile " " best_value "\n" loops(best_value)
}

END {
  for (variant in kept) printf "%s", kept[variant]
}
