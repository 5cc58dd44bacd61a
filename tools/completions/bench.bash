# Completion of bench and the programs beside it, for bash. Options are those of --help, and names are those that a
# program knows when it is asked for "?": nothing of it is written down here.

# The options in a program's help, one a line, with = behind those that take a value.
_bench_options() {
  "$1" --help 2>/dev/null </dev/null | sed -nE 's/^ {2,8}(-[^ ].*)$/\1/;T;s/  .*//;p' |
    grep -oE -e '--?[a-z][a-z_-]*=?' | sort -u
}

# What an option's value can be, one a line: names that the program knows, and those in its help, a|b|c or "of a, b, c".
_bench_values() {
  local program=$1 option=$2
  "$program" "$option=?" 2>&1 </dev/null | sed -n 's/.* is unknown;.* *[kK]nown: //p' | sed 's/, /\n/g'
  "$program" --help 2>/dev/null </dev/null | sed -n "s/^ *$option=\([a-zA-Z|-]*|[a-zA-Z|-]*\).*/\1/p" |
    tr '|' '\n' | grep -v '^[A-Z]*$'
}

# Whether an option takes a list of names between commas: those that are there already are not offered again.
_bench_is_list() { "$1" --help 2>/dev/null </dev/null | grep -qE -e "^ *$2=(LIST|ACTIVATION)"; }

_bench() {
  local program=${COMP_WORDS[0]} word option prefix= value candidate IFS=$' \t\n'
  # bash breaks words at =; what belongs together is joined again.
  word=${COMP_LINE:0:COMP_POINT}
  word=${word##*[[:space:]]}
  COMPREPLY=()
  program=${program/#\~/$HOME}
  type -P -- "$program" >/dev/null || return 0

  option=
  case $word in
  -*=*) option=${word%%=*} value=${word#*=} ;;
  -*) ;;
  *)
    [ "${COMP_WORDS[COMP_CWORD - 1]-}" = -o ] || [ "${program##*/}" != bench ] || return 0
    compopt -o filenames 2>/dev/null
    IFS=$'\n'
    COMPREPLY=($(compgen -f -- "$word"))
    return
    ;;
  esac

  if [ -z "$option" ]; then
    COMPREPLY=($(compgen -W "$(_bench_options "$program")" -- "$word"))
    if [ ${#COMPREPLY[@]} = 1 ] && [[ ${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi
    return
  fi

  case $option in
  --out | --benchmark_out | --baseline | --html)
    compopt -o filenames 2>/dev/null
    IFS=$'\n'
    COMPREPLY=($(compgen -f -- "$value"))
    return
    ;;
  esac
  if _bench_is_list "$program" "$option"; then
    compopt -o nospace 2>/dev/null
    if [[ $value == *,* ]]; then prefix=${value%,*},; fi
  fi
  IFS=$'\n'
  for candidate in $(compgen -W "$(_bench_values "$program" "$option" | sort -u)" -- "${value#"$prefix"}"); do
    [[ ,$prefix == *",$candidate,"* ]] || COMPREPLY+=("$prefix$candidate")
  done
  # What stands behind an = is replaced alone, but where somebody has taken it out of COMP_WORDBREAKS.
  [[ $COMP_WORDBREAKS == *=* ]] || COMPREPLY=("${COMPREPLY[@]/#/$option=}")
  return 0
}

complete -F _bench bench bench-merge bench-export bench-compare bench-report
