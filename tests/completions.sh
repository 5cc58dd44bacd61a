#!/usr/bin/env bash
# The shells' completion of bench, as a person at a terminal gets it.
# usage: completions.sh SOURCE_FOLDER BENCH BENCH_MERGE bash|zsh
set -euo pipefail
source_folder=$1
PATH=$(dirname "$2"):$(dirname "$3"):$PATH
complete=${4}_offers
command -v "$4" >/dev/null || {
  echo "skipped: there is no $4"
  exit 77
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
touch result.json 'a result.json'
mkdir folder
failures=0
expect() { # LINE EXPECTED..., each a line of what the shell offers; -X: not offered
  local line=$1 offered wanted
  shift
  offered=$($complete "$line")
  for wanted; do
    case $wanted in
    -X*) ! grep -qxF -e "${wanted#-X}" <<<"$offered" || bad="offers ${wanted#-X}" ;;
    *) grep -qxF -e "$wanted" <<<"$offered" || bad="does not offer $wanted" ;;
    esac
    if [ -n "${bad-}" ]; then
      echo "$complete: '$line' $bad; it offers:" $offered
      failures=$((failures + 1))
    fi
    bad=
  done
}

# What bash makes of the line, cursor at its end: words broken as COMP_WORDBREAKS says.
bash_offers() {
  bash --norc -c '
    . "$1/tools/completions/bench.bash"
    COMP_LINE=$2 COMP_POINT=${#2} COMP_WORDBREAKS=" =:"
    spaced=${2//=/ = }
    read -ra COMP_WORDS <<<"$spaced"
    case $2 in *[\ =]) COMP_WORDS+=("") ;; esac
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _bench
    printf "%s\n" "${COMPREPLY[@]}"
  ' bash "$source_folder" "$1"
}
# What zsh inserts: it completes the line and lists what is possible, in a terminal of its own.
zsh_offers() {
  zsh -f -c '
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell "PS1= PS2=; stty cols 500; unsetopt zle_bracketed_paste beep; fpath=(\"$1/tools/completions\" \$fpath); autoload -U compinit; compinit -u -D; LISTMAX=1000000; setopt list_rows_first;
      zle -C list-all list-choices gather
      gather() { compadd() { if [[ \${@[(I)-O|-A|-D]} -gt 0 ]]; then builtin compadd \"\$@\"; else local -a hits; builtin compadd -O hits \"\$@\"; builtin compadd \"\$@\"; print -rl -- \"<\${(@)^hits}>\"; fi }; _main_complete; print -r -- \"<end>\"; compstate[list]=; compstate[insert]= }
      bindkey \"^T\" list-all; print ready"
    zpty -r -m shell line "*ready*" >/dev/null
    zpty -w -n shell "$2"$'"'\\024'"'
    zpty -r -m shell line "*<end>*"
    print -r -- "$line"
    zpty -d shell
  ' zsh "$source_folder" "$1" | tr -d '\r' | grep -o '<[^<>]*>' | sed 's/^<//; s/>$//' | grep -vx end
}

check() {
  expect 'bench --' --quick --list --help --version
  expect 'bench --ar' --arch= -X--list
  expect 'bench --weight' --weight-scales=
  expect 'bench --arch=' all auto scalar avx2
  expect 'bench --pin=' cores threads none
  expect 'bench --format=csv' csv csv-layers -Xjson
  expect 'bench --data=' fashion-mnist
  expect 'bench --rng=ph' philox4x32-10 philox4x32-7 -Xjax
  expect 'bench --quick --norms=ba' batch
  expect 'bench --out=res' result.json -Xfolder
  expect 'bench --out=' folder
  expect 'bench-merge -o ' result.json
}

check
if [ "$4" = zsh ]; then
  expect 'bench --suite=dense,tr' training
  [ $failures = 0 ] || exit 1
  exit 0
fi

# Every option of the help, and every name that bench knows.
for option in $(bench --help | grep -oE '^  --[a-z_-]+' | tr -d ' '); do
  offered=$(bash_offers "bench $option")
  grep -qxE -e "$option=?" <<<"$offered" || {
    echo "bash does not offer $option of the help"
    failures=$((failures + 1))
  }
done
for option in arch suite format inits activations optimizers precisions rng; do
  known=$( (bench "--$option=?" 2>&1 || true) | sed 's/.*known: //; s/, /\n/g')
  [ "$(wc -l <<<"$known")" -gt 2 ] || {
    echo "bench no longer names what --$option takes: $known"
    failures=$((failures + 1))
  }
  # shellcheck disable=SC2086 # names
  expect "bench --$option=" $known
done
expect 'bench --suite=dense,tr' dense,training -Xdense,learning
expect 'bench --suite=dense,' dense,init -Xdense,dense
expect 'bench --explain=tanh,he_n' tanh,he_normal
expect './no-such-program --' -X--quick
[ $failures = 0 ] || exit 1
