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
# compilers make: a counter that is set before, moved by constants, compared with one and jumped back on unequal.
function turns_of(first, last,    i, j, w, counter, from, by, to) {
  if (text[last] !~ /^(jne|b\.ne)[ \t]/ || last - 1 < first) return 0
  split(text[last - 1], w, /[ \t,]+/)
  if (w[1] !~ /^cmp[lq]?$/) return 0
  counter = w[2] ~ /^\$/ ? w[3] : w[2]
  to = w[2] ~ /^\$/ ? w[2] : w[3]
  if (counter !~ /^(%|x)/ || to !~ /^[$#]/) return 0
  for (i = first; i < last - 1; i++) {
    if (goes_to[i] || is_call(text[i])) return 0
    by += moved_by(text[i], counter)
  }
  for (i = first - 1; i > 0 && i > first - 40; i--) {
    j = split(text[i], w, /[ \t,]+/)
    if (w[1] ~ /^xorl$/ && w[2] == w[3] && substr(w[3], 3) == substr(counter, 3)) from = 0
    else if (w[1] ~ /^mov[lq]?$/ && (w[j] ~ /^%/ ? substr(w[j], 3) == substr(counter, 3) && w[2] ~ /^\$/ : w[2] == counter && w[3] ~ /^#/))
      from = number_of(w[j] ~ /^%/ ? w[2] : w[3])
    else if (is_jump(text[i])) return 0
    else continue
    return by && (number_of(to) - from) % by == 0 ? (number_of(to) - from) / by : 0
  }
  return 0
}

# By how much a line moves a counter, if it adds a constant.
function moved_by(line, counter,    w, n) {
  n = split(line, w, /[ \t,]+/)
  if (w[1] ~ /^addq?$/ && n == 3 && w[3] == counter && w[2] ~ /^\$/) return number_of(w[2])
  if (w[1] ~ /^subq?$/ && n == 3 && w[3] == counter && w[2] ~ /^\$/) return -number_of(w[2])
  if (w[1] == "add" && n == 4 && w[2] == counter && w[3] == counter && w[4] ~ /^#/) return number_of(w[4])
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

# Marks in inside[] the lines from which the lines that jump back to head can be reached without head, and in
# inner_head[] the heads of other loops among them.
function find_inside(head,    i) {
  split("", inside)
  split("", inner_head)
  for (i = head; i <= lines; i++)
    if (goes_to[i] == head) inside[i] = 1
  inside[head] = 1
  reach_back(inside, head)
  for (i in is_head)
    if (i != head && i in inside && loops_without(i + 0, head)) inner_head[i] = 1
}

# Adds to set the lines from which one of its lines can be reached, but for what comes before head.
function reach_back(set, head,    i, changed) {
  do {
    changed = 0
    for (i = lines; i >= 1; i--)
      if (!(i in set) && (falls[i] && i + 1 != head && (i + 1) in set || goes_to[i] && goes_to[i] != head && goes_to[i] in set))
        set[i] = changed = 1
  } while (changed)
}

# Whether from line `inner` one can come back to it without head.
function loops_without(inner, head,    i, set) {
  for (i = inner; i <= lines; i++)
    if (goes_to[i] == inner && i in inside) set[i] = 1
  reach_back(set, head)
  return inner in set
}

# Adds to path the lines from first to last, so often; returns the line after them.
function repeat(first, last, turns,    i) {
  while (turns-- > 0)
    for (i = first; i <= last; i++) {
      path[++steps] = i
      place[i] = steps
    }
  return last + 1
}

# Follows the ways from line i on until they are back at path[1].
function follow(i,    begin, value, k) {
  begin = steps
  for (;;) {
    if (++tried > 200000) break
    if (!(i in inside) || i in place || i in inner_head || barred[i]) break
    if (i in counted) {
      i = repeat(i, counted[i], count_of[i])
      continue
    }
    path[++steps] = i
    place[i] = steps
    if (goes_to[i] == path[1] || falls[i] && i + 1 == path[1]) {
      value = worth()
      if (value > best_value) {
        best_value = value
        hot_steps = steps
        for (k = 1; k <= steps; k++) hot[k] = text[path[k]]
      }
    } else if (goes_to[i] in place) { # a loop in the loop
      break
    } else if (goes_to[i] && falls[i]) {
      follow(goes_to[i])
    } else if (goes_to[i]) {
      i = goes_to[i]
      continue
    }
    if (!falls[i]) break
    i++
    if (i == path[1]) break
  }
  while (steps > begin) delete place[path[steps--]]
}

# Sets hot[1] to hot[hot_steps], the instructions of the loop of greatest worth; none where hot_steps is 0.
function hot_loop(    i) {
  hot_steps = best_value = tried = 0
  for (i = 1; i <= lines; i++) {
    goes_to[i] = is_branch(text[i]) && target[i] in line_at ? line_at[target[i]] : 0
    falls[i] = i < lines && !is_jump(text[i]) && !is_return(text[i])
    barred[i] = hopeless(text[i])
  }
  split("", is_head)
  split("", counted)
  for (i = 1; i <= lines; i++) {
    if (!goes_to[i] || goes_to[i] > i) continue
    count_of[goes_to[i]] = turns_of(goes_to[i], i)
    if (count_of[goes_to[i]] > 1 && count_of[goes_to[i]] <= 16) counted[goes_to[i]] = i
    else is_head[goes_to[i]] = 1
  }
  for (i = 1; i <= lines; i++)
    if (i in is_head) {
      find_inside(i)
      steps = 0
      split("", place)
      follow(i)
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
  if (is_branch(text[lines]) && match(text[lines], /0x[0-9a-f]+ </))
    target[lines] = substr(text[lines], RSTART + 2, RLENGTH - 4)
}
END { function_done() }
