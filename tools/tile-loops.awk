# From the disassembly of one object by llvm-objdump, the hot loops of its register tiles, for llvm-mca. A tile's
# functions are named gemm_tile_<rows>x<vectors><variant>; of each variant the full tile, the largest, counts. Its hot
# loop is the one with the most fused multiply-adds (FMAs) among the loops that hold no other. Printed are a line
# "tile <rows>x<vectors><variant> <FMAs>" and three loops, each followed by a line "end":
#   the hot loop as it is,
#   32 times as many FMAs of its form, none of which waits for another for long: they take all registers in turn,
#   these and the hot loop's loads, which nothing waits for, spread evenly, and a counter.

BEGIN { name_of_tile = "^gemm_tile_[0-9]+x[0-9]+" }

function is_fma(line) { return line ~ /^(vfn?m(add|sub)|vdpbf16ps|fml[as]|bfmmla|bfdot)/ }
function is_branch(line) { return line ~ /^(j[a-z]+|b\.[a-z]+|b|cbn?z|tbn?z)[ \t]/ }
function is_x86(line) { return line ~ /%[xyz]mm/ }

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

function with_label(line) {
  if (is_branch(line)) sub(/0x[0-9a-f]+ <.*/, "hot", line)
  return line
}

function holds_loop(first, last,    i) {
  for (i = first; i < last; i++)
    if (start[i] >= first) return 1
  return 0
}

# The loops of lines first to last, with count FMAs, as they are printed.
function loops(first, last, count,    i, n, k, load_count, load, registers, first_free, whole, alone, ideal) {
  for (i = first; i <= last; i++) {
    whole = whole with_label(text[i]) "\n"
    if (is_load(text[i])) load[++load_count] = loose(text[i])
  }
  first_free = whole ~ /%ymm/ ? 3 : 4
  registers = (whole ~ /%ymm/ ? 16 : 32) - first_free
  for (k = 0; k < 32; k++)
    for (i = first; i <= last; i++)
      if (is_fma(text[i])) alone = alone independent(text[i], first_free + n++ % registers, 0) "\n"
  n = k = 0
  for (i = first; i <= last; i++) {
    if (!is_fma(text[i])) continue
    ideal = ideal independent(text[i], first_free + n % registers, 1) "\n"
    n++
    while (k < load_count && k * count < n * load_count) ideal = ideal load[++k] "\n"
  }
  ideal = ideal (is_x86(whole) ? "decq %rcx\njne hot\n" : "subs x9, x9, #1\nb.ne hot\n")
  return "hot:\n" whole "end\nhot:\n" alone "end\nhot:\n" ideal "end\n"
}

# The function is read: its loops are kept if its tile is no smaller than those of its variant before.
function function_ends(    i, j, count, most, first, last, variant, size, tile) {
  if (name == "") return
  for (i = 1; i <= lines; i++) {
    start[i] = target[i] in line_at && line_at[target[i]] <= i ? line_at[target[i]] : 0
    if (!start[i] || holds_loop(start[i], i)) continue
    count = 0
    for (j = start[i]; j <= i; j++) count += is_fma(text[j])
    if (count > most) {
      most = count
      first = start[i]
      last = i
    }
  }
  tile = name
  sub(/\..*/, "", tile) # a compiler's suffix, such as .constprop.0
  sub(/^gemm_tile_/, "", tile)
  variant = tile
  sub(/^[0-9]+x[0-9]+/, "", variant)
  split(tile, size, /[^0-9]+/)
  if (!most || size[1] * size[2] < largest[variant]) return
  if (size[1] * size[2] > largest[variant]) kept[variant] = ""
  largest[variant] = size[1] * size[2]
  kept[variant] = kept[variant] "tile " tile " " most "\n" loops(first, last, most)
}

/^[0-9a-f]+ <.*>:$/ {
  function_ends()
  name = substr($2, 2, length($2) - 3)
  if (name !~ name_of_tile) name = ""
  lines = 0
  split("", line_at)
}
name != "" && /^ *[0-9a-f]+:/ {
  lines++
  address = $1
  sub(/:/, "", address)
  line_at[address] = lines
  text[lines] = $0
  sub(/^ *[0-9a-f]+:[ \t]*/, "", text[lines])
  sub(/[ \t]+(#|\/\/) .*$/, "", text[lines])
  target[lines] = "none"
  if (is_branch(text[lines]) && match(text[lines], /0x[0-9a-f]+ </))
    target[lines] = substr(text[lines], RSTART + 2, RLENGTH - 4)
}
END {
  function_ends()
  for (variant in kept) printf "%s", kept[variant]
}
