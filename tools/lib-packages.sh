# What Depthmark needs from the system and how to get it there. $install: whether apt may be used, yes or no.
# Packages go by their Debian names; whether one is needed is decided by what it gives, however that came here.

package_text() {
  case $1 in
  cmake) echo "CMake 3.22 or newer" ;;
  ninja-build) echo "Ninja" ;;
  gcc | clang | clang-*) echo "the C compiler $1" ;;
  libc6-dev) echo "C library headers" ;;
  pkg-config) echo "pkg-config" ;;
  libsleef-dev*) echo "SLEEF" ;;
  libhwloc-dev*) echo "hwloc" ;;
  libjansson-dev*) echo "jansson" ;;
  zlib1g-dev*) echo "zlib" ;;
  libcmocka-dev*) echo "cmocka" ;;
  libgomp1* | libomp*) echo "the OpenMP runtime" ;;
  dataset-fashion-mnist) echo "Fashion-MNIST" ;;
  librandom123-dev) echo "Random123" ;;
  libopenblas0-openmp) echo "OpenBLAS" ;;
  libblis4-openmp) echo "BLIS" ;;
  libdnnl-dev) echo "oneDNN" ;;
  libxsmm-dev) echo "libxsmm" ;;
  libxnnpack-dev) echo "XNNPACK" ;;
  libpthreadpool-dev) echo "XNNPACK's thread pool" ;;
  libeigen3-dev) echo "Eigen" ;;
  g++) echo "a C++ compiler" ;;
  qemu-user) echo "qemu user emulation" ;;
  llvm-19) echo "LLVM's tools" ;;
  nodejs) echo "Node.js" ;;
  chromium) echo "Chromium" ;;
  chromium-driver) echo "Chromium's WebDriver" ;;
  libclang-rt-*-dev) echo "clang's libFuzzer and sanitizers" ;;
  *) echo "$1" ;;
  esac
}

# Whether what a package gives is there.
have() {
  local cc=${CC:-cc}
  case $1 in
  cmake) command -v cmake ;;
  ninja-build) command -v ninja ;;
  gcc) command -v "${cc%% *}" ;; # any C compiler will do
  clang) command -v clang ;;
  clang-*) command -v "$1" ;;
  gcc-aarch64-linux-gnu) command -v aarch64-linux-gnu-gcc ;;
  libc6-dev) $cc -E - <<<'#include <stdio.h>' ;;
  libc6-dev-arm64-cross) aarch64-linux-gnu-gcc -E - <<<'#include <stdio.h>' ;;
  libomp-dev) clang -fopenmp -E - <<<'#include <omp.h>' ;;
  libomp-*-dev) $cc -fopenmp -E - <<<'#include <omp.h>' ;;
  pkg-config) command -v pkg-config ;;
  librandom123-dev) $cc -E - <<<'#include <Random123/philox.h>' ;;
  libdnnl-dev) $cc -E - <<<'#include <oneapi/dnnl/dnnl.h>' ;;
  libxsmm-dev) $cc -E - <<<'#include <libxsmm.h>' ;;
  libxnnpack-dev) $cc -E - <<<'#include <xnnpack.h>' ;;
  libpthreadpool-dev) $cc -E - <<<'#include <pthreadpool.h>' ;;
  g++) command -v "${CXX:-c++}" ;; # any C++ compiler will do
  lib*-dev | zlib1g-dev) pkg-config --exists "$(pkg_config_name "$1")" ;;
  libgomp1:arm64) test -e /usr/lib/aarch64-linux-gnu/libgomp.so.1 ;;
  *:arm64)
    PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig pkg-config --exists "$(pkg_config_name "${1%:arm64}")"
    ;;
  dieharder | jq | mandoc | zsh) command -v "$1" ;;
  dpkg-dev) command -v dpkg-shlibdeps ;;
  llvm-19) command -v llvm-mca-19 && command -v llvm-objdump-19 && command -v llvm-readobj-19 ;;
  nodejs) command -v node ;;
  npm) command -v npm ;;
  chromium) command -v chromium || command -v chromium-browser || command -v google-chrome ;;
  chromium-driver) command -v chromedriver ;;
  qemu-user) command -v qemu-aarch64 && command -v qemu-x86_64 ;;
  dataset-fashion-mnist) test -e /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz ;;
  *) return 1 ;;
  esac >/dev/null 2>&1
}

pkg_config_name() {
  case $1 in
  zlib1g-dev) echo zlib ;;
  *)
    local name=${1#lib}
    echo "${name%-dev}"
    ;;
  esac
}

# Those of the packages that are missing, in one line.
missing() {
  local package list=""
  for package; do
    have "$package" || installed "$package" || list="$list${list:+ }$package"
  done
  echo "$list"
}

has_apt() { command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; }

# By dpkg's word: what pkg-config would find counts as missing until pkg-config itself is there.
installed() {
  has_apt && [[ $(dpkg-query -W -f '(${db:Status-Status})' "$1" 2>/dev/null) == *"(installed)"* ]]
}

# "SLEEF (libsleef-dev), hwloc (libhwloc-dev)"
package_list() {
  local package list=""
  for package; do list="$list${list:+, }$(package_text "$package") ($package)"; done
  echo "$list"
}

# The words that make a command run as root; empty for root itself.
as_root() {
  if [ "$(id -u)" != 0 ]; then echo sudo; fi
}
can_be_root() { [ "$(id -u)" = 0 ] || command -v sudo >/dev/null; }

# apt's -o options leave the system's settings alone. A lock held by another apt is waited for.
run_apt() { $(as_root) env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"; }

refresh_lists() {
  say "refreshing apt's package lists"
  quietly run_apt update
}

# Installs packages with apt. The lists are only refreshed when they don't know a package, or know files that are gone.
apt_install() {
  local refreshed=no
  if ! quietly apt-get -q -s install --no-install-recommends "$@"; then
    refresh_lists || return 1
    refreshed=yes
  fi
  quietly run_apt install --no-install-recommends "$@" && return
  [ $refreshed = no ] && refresh_lists && quietly run_apt install --no-install-recommends "$@"
}

# Stops with what to do by hand, unless apt may be used here.
require_apt() {
  if [ "$install" = no ]; then
    if has_apt; then
      die "missing: $(package_list "$@"). Run without --no-install, or: apt-get install --no-install-recommends $*"
    fi
    die "missing: $(package_list "$@"). Debian's package names are in brackets; install them with this system's package manager"
  fi
  has_apt ||
    die "this system has no apt. Install with its package manager, then run again: $(package_list "$@"); in brackets Debian's names"
  can_be_root ||
    die "installing needs root, and there is no sudo. As root, type: apt-get install --no-install-recommends $*"
}

# The packages that any build needs.
base_packages() {
  echo cmake ninja-build pkg-config
  case $(basename "${CC:-cc}") in
  clang) echo clang libomp-dev ;;
  clang-*) echo "$(basename "$CC")" "libomp-$(basename "$CC" | sed 's/[^0-9]//g')-dev" ;;
  *) echo gcc ;;
  esac
  echo libc6-dev libsleef-dev libhwloc-dev libjansson-dev zlib1g-dev
}

# Installs those of the packages that are missing, or stops.
require() {
  local absent
  absent=$(missing "$@")
  [ -n "$absent" ] || return 0
  # shellcheck disable=SC2086 # a list of words
  require_apt $absent
  say "installing with apt-get: $absent"
  # shellcheck disable=SC2086
  apt_install $absent || {
    show_log
    die "apt-get could not install all of: $absent"
  }
}

# Installs packages that the program can do without. Where it fails, $optional_reason says why.
optional() {
  local absent
  absent=$(missing "$@")
  [ -n "$absent" ] || return 0
  optional_reason="missing: $absent"
  if [ "$install" = no ] || ! has_apt || ! can_be_root; then return 1; fi
  say "installing with apt-get: $absent"
  # shellcheck disable=SC2086
  apt_install $absent && return 0
  optional_reason="apt-get cannot install $absent: $(grep -m1 '^E: ' "$log" || echo "see $log")"
  return 1
}

arm64_libraries="libgomp1:arm64 libsleef-dev:arm64 libhwloc-dev:arm64 libjansson-dev:arm64 zlib1g-dev:arm64
  libcmocka-dev:arm64"

# apt can only have arm64 packages once dpkg knows the architecture; it forgets it again where they can't be had.
optional_arm64() {
  # shellcheck disable=SC2086 # a list of words
  if [ -z "$(missing $arm64_libraries)" ]; then return 0; fi
  optional_reason="the arm64 libraries are missing"
  if [ "$install" = no ] || ! has_apt || ! can_be_root; then return 1; fi
  local added=no
  if [[ $(dpkg --print-foreign-architectures) != *arm64* ]]; then
    if grep -qx 'ID=ubuntu' /etc/os-release; then
      optional_reason="Ubuntu has its arm64 packages in an archive of their own, which apt here does not know; add it and"
      optional_reason="$optional_reason 'dpkg --add-architecture arm64' to run these"
      return 1
    fi
    say "adding the architecture arm64 to dpkg"
    quietly $(as_root) dpkg --add-architecture arm64
    added=yes
    refresh_lists || true
  fi
  # shellcheck disable=SC2086
  optional $arm64_libraries && return 0
  if [ $added = yes ]; then
    say "removing the architecture arm64 from dpkg again"
    quietly $(as_root) dpkg --remove-architecture arm64 || true
  fi
  return 1
}

# What the arm64 build needs on another processor, and its tests. Where it can't be had, $optional_reason says why.
optional_arm64_build() {
  optional qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross && optional_arm64
}

check_cmake() {
  local version
  version=$(cmake --version | sed -n '1s/[^0-9]*\([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
  [ "${version% *}" -gt 3 ] || [ "${version#* }" -ge 22 ] ||
    die "CMake 3.22 or newer is needed, and this one is ${version/ /.}; a newer one is at cmake.org and in 'pip install cmake'"
}
