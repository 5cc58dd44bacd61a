# What awk programs share that take inner loops from a disassembly by llvm-objdump. The program says which functions it
# wants, in wanted(name), which lines no hot loop has, in hopeless(line), how much it wants a loop, in worth(): of path[1] to path[steps], the lines of one turn; and
# function_ends() is its own, too, where hot_loop() finds the loop of greatest worth among text[1] to text[lines].
#
# A turn is a way through the function from a loop's head back to it that meets no line twice and holds no other loop,
# so that the way of whole vectors is told from that of the last few elements, wherever the compiler has put them.

function is_fma(line) { return line ~ /^(vfn?m(add|sub)|vdpbf16ps|fml[as]|bfmmla|bfdot)/ }
function is_return(line) { return line ~ /^(ret|ud2|brk|udf)/ }
function is_jump(line) { return line ~ /^(jmpq?|br?)[ \t]/ }
function is_branch(line) { return line ~ /^(j[a-z]+|b\.[a-z]+|b|cbn?z|tbn?z)[ \t]/ }
function is_call(line) { return line ~ /^(callq?|blr?)[ \t]/ }
function is_x86(line) { return line ~ /%[xyz]mm/ }

# The fused multiply-adds (FMAs) in a turn.
function fmas_on_path(    i, count) {
  for (i = 1; i <= steps; i++) count += is_fma(text[path[i]])
  return count
}

# What is left of an instruction's operands when those in code elsewhere have become the label hot.
function with_label(line) {
  sub(/0x[0-9a-f]+ <.*/, "hot", line)
  return line
}

# How often the loop of lines first to last is run, where constants before it and in it say so; else 0. It is one that
# compilers make: a counter that is moved by constants and jumped back on until it is a constant, or a register so far
# from its start: a line compares them, or the last move leaves the counter 0.
function turns_of(first, last,    i, w, n, by, swap, from, to, counter, bound) {
  if (text[last] !~ /^(jne|b\.ne)[ \t]/ || last - 1 < first) return 0
  for (i = first; i < last; i++)
    if (goes_to[i] || is_call(text[i])) return 0
  n = split(text[last - 1], w, /[ \t,]+/)
  if (w[1] ~ /^cmp[lq]?$/ && n == 3) {
    for (swap = 0; swap < 2 && !by; swap++) {
      counter = w[2 + swap]
      bound = w[3 - swap]
      for (i = first; i < last - 1; i++) by += moved_by(text[i], counter)
    }
  } else if (w[1] ~ /^(add|sub|inc|dec)/) {
    counter = text[last - 1] ~ /%/ ? w[n] : w[2]
    bound = "$0"
    for (i = first; i < last; i++) by += moved_by(text[i], counter)
  }
  if (!by) return 0
  from = origin(counter, first)
  to = bound ~ /^[$#]/ ? "+" number_of(bound) : origin(bound, first)
  if (from == "" || to == "") return 0
  split(from, w, "+")
  counter = w[1]
  from = w[2]
  split(to, w, "+")
  return counter != w[1] || (w[2] - from) % by ? 0 : (w[2] - from) / by
}

# What a register holds before a line, as "register+constant", the register "" where it is a constant; "" for anything
# else. It is followed back to where others jump to. Registers have one name in 32 and 64 bits.
function origin(register, before,    i, n, w) {
  for (i = before - 1; i > 0; i--) {
    if (is_jump(text[i])) break
    n = split(text[i], w, /[ \t,()]+/)
    if (sets(text[i], w, n) == short(register)) {
      if (w[1] == "xorl" && w[2] == w[3]) return "+0"
      if (w[1] ~ /^mov[lq]$/ && n == 3) return w[2] ~ /^\$/ ? "+" number_of(w[2]) : short(w[2]) "+0"
      if (w[1] == "leaq" && n == 4 && w[2] ~ /^-?0x/) return short(w[3]) "+" number_of(w[2])
      if (w[1] == "mov" && n == 3) return w[3] ~ /^#/ ? "+" number_of(w[3]) : short(w[3]) "+0"
      if (w[1] ~ /^(add|sub)$/ && n == 4 && w[4] ~ /^#/) return short(w[3]) "+" (w[1] == "sub" ? -1 : 1) * number_of(w[4])
      return ""
    }
    if (i in is_target) break
  }
  return short(register) "+0"
}

# The general register that a line of n words sets, by its name without size.
function sets(line, w, n) {
  if (line ~ /%/) return line ~ /\)$/ || w[1] ~ /^(cmp|test|bt)/ ? "" : short(w[n])
  return w[2] !~ /^[xw][0-9]/ || w[1] ~ /^(cmp|cmn|tst|ccmp|cb|tb|st|prfm)/ ? "" : short(w[2])
}
function short(register) {
  sub(/^%[re]?|^[xw]/, "", register)
  return register
}

# By how much a line moves a counter, if it adds a constant.
function moved_by(line, counter,    w, n) {
  n = split(line, w, /[ \t,]+/)
  if (w[1] ~ /^(inc|dec)[lq]?$/ && w[2] == counter) return w[1] ~ /^inc/ ? 1 : -1
  if (w[1] ~ /^(add|sub)[lq]?$/ && n == 3 && w[3] == counter && w[2] ~ /^\$/)
    return (w[1] ~ /^add/ ? 1 : -1) * number_of(w[2])
  if (w[1] ~ /^(add|sub)s?$/ && n == 4 && w[2] == counter && w[3] == counter && w[4] ~ /^#/)
    return (w[1] ~ /^add/ ? 1 : -1) * number_of(w[4])
  return 0
}

# A number as it stands in a disassembly: $-0x40, #16.
function number_of(word,    sign, number, i) {
  sign = 1
  gsub(/[$#]/, "", word)
  if (word ~ /^-/) {
    sign = -1
    word = substr(word, 2)
  }
  if (word !~ /^0x/) return sign * word
  for (i = 3; i <= length(word); i++) number = 16 * number + index("0123456789abcdef", substr(word, i, 1)) - 1
  return sign * number
}

# Loops within loops: the loop a line belongs to, in loop[], is the innermost; 0: none. A loop is a set of lines of which
# each can be reached from each. Its head is where it is entered; where it is entered in several places, the first. What
# is left of it without the head may again hold loops.
function find_loops(outer,    i, inner, line) {
  for (i = 1; i <= lines; i++) {
    if (!(i in is_target) || loop[i] != outer || !comes_back(i, outer)) continue
    inner = ++loop_count
    for (line in circle) loop[line] = inner
    head[inner] = entry(inner)
    loop[head[inner]] = -inner
    find_loops(inner)
  }
}

# Whether line i can be reached again without leaving the loop; if so, circle[] has the lines that this leads through.
function comes_back(i, outer,    todo, count, line, before, n, from) {
  split("", ahead)
  split("", circle)
  todo[count = 1] = i
  while (count) {
    line = todo[count--]
    if (goes_to[line] && loop[goes_to[line]] == outer && !(goes_to[line] in ahead)) {
      ahead[goes_to[line]] = 1
      todo[++count] = goes_to[line]
    }
    if (falls[line] && loop[line + 1] == outer && !((line + 1) in ahead)) {
      ahead[line + 1] = 1
      todo[++count] = line + 1
    }
  }
  if (!(i in ahead)) return 0
  circle[i] = 1
  todo[count = 1] = i
  while (count) {
    line = todo[count--]
    before = jumps_to[line] (line > 1 && falls[line - 1] ? " " line - 1 : "")
    for (n = split(before, from, " "); n > 0; n--)
      if (from[n] in ahead && !(from[n] in circle)) {
        circle[from[n]] = 1
        todo[++count] = from[n] + 0
      }
  }
  return 1
}

# The first line of a loop that is reached from outside of it.
function entry(inner,    i, n, from) {
  for (i = 1; i <= lines; i++) {
    if (loop[i] != inner) continue
    if (i == 1 || falls[i - 1] && reached[i - 1] && loop[i - 1] != inner) return i
    for (n = split(jumps_to[i], from, " "); n > 0; n--)
      if (reached[from[n]] && loop[from[n]] != inner) return i
  }
  for (i = 1; loop[i] != inner; i++) continue
  return i
}

# Marks in reached[] what can be reached from the function's beginning.
function find_reached(    todo, count, i) {
  split("", reached)
  todo[count = 1] = 1
  while (count) {
    i = todo[count--]
    if (reached[i]) continue
    reached[i] = 1
    if (goes_to[i]) todo[++count] = goes_to[i]
    if (falls[i]) todo[++count] = i + 1
  }
}

# Adds to path the lines from first to last, so often; returns the line after them.
function repeat(first, last, turns,    i) {
  while (turns-- > 0)
    for (i = first; i <= last; i++) path[++steps] = i
  return last + 1
}

# Follows the ways through a loop from its line i on until they are back at path[1].
function follow(i, inner,    begin, value, k) {
  begin = steps
  for (;;) {
    if (++tried > 200000) break
    if (barred[i] || loop[i] != (steps ? inner : -inner)) break
    if (i in counted) {
      i = repeat(i, counted[i], count_of[i])
      continue
    }
    path[++steps] = i
    if (goes_to[i] == path[1] || falls[i] && i + 1 == path[1]) {
      value = worth()
      if (value > best_value) {
        best_value = value
        hot_steps = steps
        for (k = 1; k <= steps; k++) hot[k] = text[path[k]]
      }
    } else if (goes_to[i] && falls[i]) {
      follow(goes_to[i], inner)
    } else if (goes_to[i]) {
      i = goes_to[i]
      continue
    }
    if (!falls[i]) break
    i++
  }
  steps = begin
}

# Sets hot[1] to hot[hot_steps], the instructions of the loop of greatest worth; none where hot_steps is 0.
function hot_loop(    i) {
  hot_steps = best_value = tried = loop_count = 0
  split("", is_target)
  split("", counted)
  split("", jumps_to)
  for (i = 1; i <= lines; i++) {
    goes_to[i] = is_branch(text[i]) && target[i] in line_at ? line_at[target[i]] : 0
    falls[i] = i < lines && !is_jump(text[i]) && !is_return(text[i])
    barred[i] = hopeless(text[i])
    if (goes_to[i]) is_target[goes_to[i]] = 1
    loop[i] = 0
  }
  for (i = 1; i <= lines; i++) {
    if (!goes_to[i]) continue
    count_of[goes_to[i]] = goes_to[i] <= i ? turns_of(goes_to[i], i) : 0
    if (count_of[goes_to[i]] > 1 && count_of[goes_to[i]] <= 16) counted[goes_to[i]] = i
    else jumps_to[goes_to[i]] = jumps_to[goes_to[i]] " " i
  }
  for (i in counted) goes_to[counted[i]] = 0
  find_reached()
  find_loops(0)
  for (i = 1; i <= loop_count; i++) {
    steps = 0
    follow(head[i], i)
  }
}

function function_done() {
  if (name != "") function_ends()
  name = ""
}

/^[0-9a-f]+ <.*>:$/ {
  function_done()
  name = substr($2, 2, length($2) - 3)
  if (!wanted(name)) name = ""
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
  refers[lines] = $0 # with what it refers to, <function> or <function+0x10>
  if (is_branch(text[lines]) && match(text[lines], /0x[0-9a-f]+ </))
    target[lines] = substr(text[lines], RSTART + 2, RLENGTH - 4)
}
END { function_done() }
