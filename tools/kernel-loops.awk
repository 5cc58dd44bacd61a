# After asm-loops.awk: the hot loop of each function that the file named by -v functions=FILE lists, and of the largest
# register tile if that lists gemm_tile; for llvm-mca and bench-predict. A compiler's suffix (.constprop.0) is no part of
# a function's name. Of a function whose loops store, the hot one stores most in a turn, in whole vectors and through the
# caches, in the fewest instructions; of another, it is the one with the most vector instructions, and of a tile that
# with the most FMAs. Printed is a line
#   loop NAME STORED PACE LOADED PACE COUNTERS FMAS PRODUCTS INSTRUCTIONS
# with the bytes that a turn stores to and loads from places that move on, by how many bytes they do ("?": nobody knows)
# and by how much its counters and pointers, as lists between commas; then the loop, and a line "end". Or one of
#   calls NAME FUNCTION...     it has no loop of vectors, and these do the work
#   none NAME REASON

BEGIN {
  while ((getline line <functions) > 0) is_wanted[line] = 1
}

function plain(name) {
  sub(/\..*/, "", name)
  return name
}
function is_tile(name) { return name ~ /^gemm_tile_[0-9]+x[0-9]+(\.|$)/ }
function wanted(name) { return plain(name) in is_wanted || is_tile(name) && "gemm_tile" in is_wanted }

function is_vector(line) { return line ~ /%[xyz]mm|[ \t{][qv][0-9]+/ }
function is_aside(line) { return line ~ /^(v?movnt|stnp)/ } # past the caches

# A load or store of less than a vector: what only the last few elements need.
function is_partial(line) {
  return line ~ /^vp?maskmov|^(ld|st)[1-4][ \t]+\{[^}]*\}\[/ || line ~ /^v[^(]*\([^)]*\) \{%k/ ||
    line ~ /^vp?mov[a-z0-9]*[ \t]+[^%,]*\([^)]*\), %[xyz]mm[0-9]+ \{%k[0-9]\} \{z\}/
}

function hopeless(line) { return !is_tile(name) && (is_aside(line) || is_partial(line)) }

function worth(    i, line, stored, vectors) {
  if (is_tile(name)) return fmas_on_path()
  for (i = 1; i <= steps; i++) {
    line = text[path[i]]
    if (is_store(line) && line !~ /%rsp|\[sp/) stored += is_vector(line) * bytes_of(line)
    vectors += is_vector(line)
  }
  return stored ? 10000 * stored - steps : vectors
}

# ---- what an instruction does to memory ----

function is_store(line) {
  if (line ~ /^st/) return 1
  sub(/( \{%k[0-9]\})?( \{z\})?$/, "", line)
  return line ~ /\)$/ && line !~ /^(cmp|test|ucomis|vucomis|vcomis|vptest|prefetch|lea|nop|jmp|call|push|bt)/ && line ~ /,/
}
function is_load(line) {
  if (line ~ /^ld/) return 1
  return line ~ /\(/ && !is_store(line) && line !~ /^(prefetch|lea|nop|jmp|call)/
}

function bytes_of(line,    bytes, count, rest) {
  if (line ~ /^(ld|st)/) return neon_bytes(line)
  if (line ~ /\{1to|^v(p?broadcast|mov)s?(ss|d)[ \t]|^vextractps|^vp(ins|ext)rd/) return 4
  if (line ~ /^v(mov(q|sd|lps|hps|lpd|hpd)|broadcastsd|pbroadcastq|p(ins|ext)rq)[ \t]/) return 8
  if (line ~ /^v(extract|insert|broadcast)[fi](128|32x4|64x2)/) return 16
  if (line ~ /^v(extract|insert|broadcast)[fi](32x8|64x4)/) return 32
  bytes = line ~ /%zmm/ ? 64 : line ~ /%ymm/ ? 32 : line ~ /%xmm/ ? 16 : 8
  if (line ~ /^vp?mov(zx|sx)?(dw|wd|qd|dq|wb|bw)[ \t]|^vcvt(ps2ph|ph2ps)/) bytes /= 2
  return bytes
}

function neon_bytes(line,    bytes, count) {
  if (line ~ /\{/) {
    if (line ~ /\}\[|^ld1r/) return 4
    count = gsub(/v[0-9]+\.(4s|16b|8h|2d)/, "", line)
    return 16 * count + 8 * gsub(/v[0-9]+\.(2s|8b|4h|1d)/, "", line)
  }
  match(line, /[ \t][qdshbxw][0-9z]/)
  bytes = substr(line, RSTART + 1, 1)
  bytes = bytes == "q" ? 16 : bytes ~ /[dx]/ ? 8 : bytes ~ /[sw]/ ? 4 : bytes == "h" ? 2 : 1
  return line ~ /^(ld|st)n?p/ ? 2 * bytes : bytes
}

# ---- a turn in numbers: where pointers and counters go, from made-up beginnings; "?": nobody knows ----

# rax of %eax, x3 of w3
function register_of(word) {
  if (word ~ /^[xw][0-9]/) return "x" substr(word, 2)
  if (word ~ /^[xw]zr/) return "zero"
  sub(/^%/, "", word)
  if (word ~ /^r[0-9]+[dwb]$/) return substr(word, 1, length(word) - 1)
  if (word ~ /^e/) return "r" substr(word, 2)
  if (word ~ /^(si|di|bp|sp)l$/) return "r" substr(word, 1, 2)
  if (word ~ /^[abcd][lh]$/) return "r" substr(word, 1, 1) "x"
  return word
}

function value_of(word) {
  if (word ~ /^[$#]/) return number_of(word)
  if (word ~ /\(/) {
    if (!(word in slot)) slot[word] = word ~ /\((%[re]?[sb]p|sp)[;)]/ ? ++beginnings * 1048576 : "?"
    return slot[word]
  }
  word = register_of(word)
  if (word == "zero") return 0
  if (!(word in value)) value[word] = ++beginnings * 1048576
  return value[word]
}
function plus(a, b) { return a == "?" || b == "?" ? "?" : a + b }
function times(a, b) { return a == "?" || b == "?" ? "?" : a * b }

# Sets word[1], ...: the instruction and its operands, those with commas in brackets whole. Returns how many.
function words_of(line,    rest, count, inner) {
  match(line, /^[^ \t]+/)
  word[1] = substr(line, 1, RLENGTH)
  rest = substr(line, RLENGTH + 1)
  gsub(/[ \t]/, "", rest)
  while (match(rest, /[(\[{][^])}]*[])}]/)) {
    inner = substr(rest, RSTART + 1, RLENGTH - 2)
    gsub(/,/, ";", inner)
    rest = substr(rest, 1, RSTART - 1) (substr(rest, RSTART, 1) == "{" ? "" : "<" inner ">") substr(rest, RSTART + RLENGTH)
  }
  gsub(/</, "(", rest)
  gsub(/>/, ")", rest)
  return 1 + split(rest, operand, ",")
}

# The address in word "disp(base;index;scale)" or "(base;index;lsl#2)".
function address_of(word,    inner, part, count, address, scale) {
  match(word, /\(.*\)/)
  inner = substr(word, RSTART + 1, RLENGTH - 2)
  address = RSTART > 1 ? number_of(substr(word, 1, RSTART - 1)) : 0
  count = split(inner, part, ";")
  if (part[1] == "%rip") return 0
  if (part[1] != "") address = plus(address, value_of(part[1]))
  if (count < 2) return address
  if (part[2] ~ /^#/) return plus(address, number_of(part[2]))
  scale = 1
  if (count > 2) scale = part[3] ~ /#/ ? 2 ^ substr(part[3], index(part[3], "#") + 1) : part[3] ~ /^[0-9]/ ? part[3] : 1
  return plus(address, times(value_of(part[2]), scale))
}

function set(word, to) {
  if (word ~ /\(/) slot[word] = to
  else value[register_of(word)] = to
}

function do_x86(line, count,    what, last) {
  what = word[1]
  last = operand[count - 1]
  if (last !~ /^%(r|e|[abcd][lh]$|[sdb][ip]l$)/ && last !~ /\(%[re]?[sb]p\)$/) return
  if (what ~ /^(cmp|test|bt|ucomis|push|prefetch|nop|v?u?comis|v|k)/ && last !~ /^%/) return
  if (what ~ /^(cmp|test|bt|push|prefetch|nop|jmp|call|j)/) return
  if (what ~ /^(movs?l?[blqw]?|movabsq)$/ && count == 3) set(last, value_of(operand[1]))
  else if (what ~ /^lea/) set(last, address_of(operand[1]))
  else if (what ~ /^add/ && count == 3) set(last, plus(value_of(last), value_of(operand[1])))
  else if (what ~ /^sub/ && count == 3) set(last, plus(value_of(last), times(-1, value_of(operand[1]))))
  else if (what ~ /^inc/) set(last, plus(value_of(last), 1))
  else if (what ~ /^dec/) set(last, plus(value_of(last), -1))
  else if (what ~ /^neg/) set(last, times(value_of(last), -1))
  else if (what ~ /^(shl|sal)/) set(last, times(value_of(last), count == 3 ? 2 ^ number_of(operand[1]) : 2))
  else if (what ~ /^xor/ && operand[1] == last) set(last, 0)
  else set(last, "?")
}

function shifted(count, from,    by) {
  by = operand[from + 1]
  if (count - 1 <= from) return value_of(operand[from])
  if (by !~ /^(lsl|[us]xtw)/) return "?"
  return times(value_of(operand[from]), by ~ /#/ ? 2 ^ substr(by, index(by, "#") + 1) : 1)
}

function do_arm(line, count,    what, base) {
  what = word[1]
  if (what ~ /^(ld|st)/) {
    if (match(line, /\[[xs][0-9p]+/)) base = substr(line, RSTART + 1, RLENGTH - 1)
    if (line ~ /\]!$/) set(base, address_of(substr(operand[count - 1], 1, length(operand[count - 1]) - 1)))
    else if (line ~ /\], /) set(base, plus(value_of(base), operand[count - 1] ~ /^#/ ? number_of(operand[count - 1]) : value_of(operand[count - 1])))
    if (what ~ /^ld/ && operand[1] ~ /^[xw][0-9]/) {
      set(operand[1], what == "ldr" && count == 3 ? value_of(operand[2]) : "?")
      if (operand[2] ~ /^[xw][0-9]/) set(operand[2], "?")
    }
    if (what ~ /^str/ && operand[1] ~ /^[xw]/) slot[operand[2]] = value_of(operand[1])
    return
  }
  if (operand[1] !~ /^([xw][0-9]|sp)/ || what ~ /^(cmp|cmn|tst|ccmp|cb|tb|b|prfm)/) return
  if (what == "mov") set(operand[1], value_of(operand[2]))
  else if (what ~ /^adds?$/) set(operand[1], plus(value_of(operand[2]), shifted(count, 3)))
  else if (what ~ /^subs?$/) set(operand[1], plus(value_of(operand[2]), times(-1, shifted(count, 3))))
  else if (what == "lsl" && operand[3] ~ /^#/) set(operand[1], times(value_of(operand[2]), 2 ^ number_of(operand[3])))
  else set(operand[1], "?")
}

function memory_word(count,    i) {
  for (i = 1; i < count; i++)
    if (operand[i] ~ /\(/) return operand[i]
  return ""
}

# Adds to a list between commas what it lacks.
function listed(list, item) {
  if (index("," list ",", "," item ",")) return list
  return list (list == "" ? "" : ",") item
}

function pace(before, now, later) {
  if (before == "?" || now == "?" || later == "?" || now - before != later - now) return "?"
  return later - now
}

# Goes through the loop four times; sets stored, loaded and their paces, and counters.
function measure(    turn, i, count, where, line, by, register) {
  split("", value)
  split("", slot)
  beginnings = 0
  for (turn = 1; turn <= 4; turn++) {
    for (i = 1; i <= hot_steps; i++) {
      line = hot[i]
      count = words_of(line)
      where = memory_word(count)
      if (where != "") at[turn, i] = address_of(where)
      if (line ~ /%/) do_x86(line, count)
      else do_arm(line, count)
    }
    for (register in value) after[turn, register] = value[register]
  }
  stored = loaded = 0
  stored_pace = loaded_pace = counters = ""
  for (i = 1; i <= hot_steps; i++) {
    line = hot[i]
    if (!is_store(line) && !is_load(line) || words_of(line) == 0) continue
    by = pace(at[2, i], at[3, i], at[4, i])
    if (by == 0) continue # on the stack, or a constant
    if (is_store(line)) {
      stored += bytes_of(line)
      stored_pace = listed(stored_pace, by)
    } else if (is_vector(line)) {
      loaded += bytes_of(line)
      loaded_pace = listed(loaded_pace, by)
    }
  }
  for (register in value) {
    by = pace(after[2, register], after[3, register], after[4, register])
    if (by != 0 && by != "?") counters = listed(counters, by < 0 ? -by : by)
  }
}

# The functions that lines 1 to `lines` call or jump to.
function callees(    i, list, callee) {
  for (i = 1; i <= lines; i++) {
    if (!is_call(text[i]) && !is_jump(text[i]) || !match(refers[i], /<[A-Za-z_0-9.]+>/)) continue
    callee = plain(substr(refers[i], RSTART + 1, RLENGTH - 2))
    if (callee != plain(name) && index(" " list " ", " " callee " ") == 0) list = list (list == "" ? "" : " ") callee
  }
  return list
}

function described(    i, line, fmas, products, whole) {
  for (i = 1; i <= hot_steps; i++) {
    line = hot[i]
    if (is_call(line)) return "none " plain(name) " calls other functions in its loop"
    fmas += is_fma(line)
    products += line ~ /^(vpmuludq|umull2?|umlal2?)[ \t]/
    whole = whole with_label(line) "\n"
  }
  measure()
  return "loop " plain(name) " " stored " " some(stored_pace) " " loaded " " some(loaded_pace) " " some(counters) " " \
    fmas + 0 " " products + 0 " " hot_steps "\n" whole "end"
}
function some(list) { return list == "" ? "-" : list }

# Of the register tiles for whole lines the largest is kept.
function function_ends(    size) {
  hot_loop()
  if (!hot_steps) {
    if (!is_tile(name)) print callees() == "" ? "none " plain(name) " has no loop of vectors" : "calls " plain(name) " " callees()
  } else if (is_tile(name)) {
    split(substr(plain(name), 11), size, "x")
    if (size[1] * size[2] <= largest) return
    largest = size[1] * size[2]
    tile = described()
  } else {
    print described()
  }
}

END { if (tile != "") print tile }
