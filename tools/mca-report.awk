# From a report of llvm-mca, a line for each code region, "-" where it has no name:
#   NAME CYCLES RESOURCE BUSY DISPATCH
# cycles of a turn, the busiest resource, and the shares of the time in which it and the front end are busy, in percent.

function finish() {
  if (cycles) printf "%s %.5f %s %.1f %.1f\n", region, cycles, busiest, 100 * most / cycles, 100 * operations / width / cycles
  cycles = most = 0
  busiest = "-"
}

BEGIN {
  region = "-"
  busiest = "-"
}
/^\[[0-9]+\] Code Region/ {
  finish()
  region = $NF
}
/^Iterations:/ { turns = $2 }
/^Total Cycles:/ { cycles = $3 / turns }
/^Total uOps:/ { operations = $3 / turns }
/^Dispatch Width:/ { width = $3 }
$2 == "-" && /^\[/ { name[$1] = $3 }
/^Resource pressure per iteration:/ {
  getline
  count = split($0, resource)
  getline
  split($0, busy)
  for (i = 1; i <= count; i++)
    if (busy[i] + 0 > most) {
      most = busy[i] + 0
      busiest = name[resource[i]]
    }
}
END { finish() }
