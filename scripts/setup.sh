#!/bin/sh
# Makes sure that what a build needs is there, and installs what is missing.
#
# When nothing is missing it only looks, which takes a few milliseconds. It installs
# with apt-get as root or through sudo, and with brew on macOS; elsewhere it prints
# the command to type and exits 2. Rust itself it never installs.
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:${HOME:-}/.cargo/bin

say() { echo "setup: $*" >&2; }
stop() {
    say "$1"
    say "hint: $2"
    exit 2
}
has() { command -v "$1" >/dev/null 2>&1; }

# Any of the files the patterns stand for.
any() {
    for file; do [ -e "$file" ] && return 0; done
    return 1
}

# bindgen loads libclang, which needs the compiler's own headers beside it.
has_libclang() {
    any ${LIBCLANG_PATH:+"$LIBCLANG_PATH"/libclang*} \
        /usr/lib*/libclang.so* /usr/lib*/*/libclang[.-]*so* /usr/lib*/*/*/libclang[.-]*so* \
        /usr/local/lib*/libclang.so* /usr/local/llvm*/lib*/libclang.so* \
        /opt/homebrew/opt/llvm*/lib/libclang.dylib /usr/local/opt/llvm*/lib/libclang.dylib \
        /Library/Developer/CommandLineTools/usr/lib/libclang.dylib \
        /Applications/Xcode.app/Contents/Developer/Toolchains/XcodeDefault.xctoolchain/usr/lib/libclang.dylib &&
        any ${LIBCLANG_PATH:+"$LIBCLANG_PATH"/clang/*/include/stddef.h} \
            /usr/lib*/clang/*/include/stddef.h /usr/lib*/*/lib*/clang/*/include/stddef.h \
            /usr/local/lib*/clang/*/include/stddef.h /usr/local/llvm*/lib*/clang/*/include/stddef.h \
            /opt/homebrew/opt/llvm*/lib/clang/*/include/stddef.h /usr/local/opt/llvm*/lib/clang/*/include/stddef.h \
            /Library/Developer/CommandLineTools/usr/lib/clang/*/include/stddef.h \
            /Applications/Xcode.app/Contents/Developer/Toolchains/XcodeDefault.xctoolchain/usr/lib/clang/*/include/stddef.h
}
has_pip() { has pip || has pip3 || python3 -m pip --version >/dev/null 2>&1; }

# 1. Rust, at least the release this workspace is written for.
if ! has cargo || ! has rustc; then
    stop "Rust is not installed" "install it as https://rustup.rs says, then try again"
fi
needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
release=$(rustc -V) || stop "rustc does not start" "run: rustup toolchain install"
release=$(echo "$release" | cut -d' ' -f2)
oldest=$(printf '%s\n%s\n' "$needed" "$release" | sort -V | head -n 1)
[ "$oldest" = "$needed" ] ||
    stop "this needs Rust $needed or newer, and rustc is $release" \
        "run: rustup update; where Rust came from the system's packages, install rustup (https://rustup.rs)"

# 2. The rest: what is missing, in the words of each package manager.
apt='' dnf='' pacman='' brew='' missing='' xcode=''
lacks() {
    missing="$missing, $1"
    apt="$apt $2" dnf="$dnf $3" pacman="$pacman $4" brew="$brew $5"
}
has cmake || lacks cmake cmake cmake cmake cmake
has_libclang || lacks libclang libclang-dev clang-devel clang llvm
has_pip || lacks pip python3-pip python3-pip python-pip python
has pkg-config || lacks pkg-config pkg-config pkgconf-pkg-config pkgconf pkgconf
{ has cc && { has c++ || has g++ || has clang++; }; } || { lacks "a C++ compiler" g++ gcc-c++ gcc '' && xcode=yes; }
has make || { lacks make make make make '' && xcode=yes; }
[ -n "$missing" ] || exit 0
missing=${missing#, }

# install COMMAND...: runs it, showing what it said only if it fails.
install() {
    say "installing $missing"
    log=$(mktemp)
    if ! "$@" </dev/null >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        stop "$missing could not be installed" "try it by hand: $*"
    fi
    rm -f "$log"
}

if has apt-get; then
    as='env'
    if [ "$(id -u)" != 0 ]; then
        # Without a terminal nobody could answer a question for the password.
        if ! has sudo || ! { sudo -n true 2>/dev/null || [ -t 2 ]; }; then
            stop "missing: $missing" "run as root: apt-get install$apt"
        fi
        as='sudo env'
    fi
    # A mirror of somebody else's that is down is no reason to stop: installing tells.
    say "reading the package lists"
    $as apt-get -qq update </dev/null >/dev/null 2>&1 || true
    # shellcheck disable=SC2086  # lists of words
    install $as DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $apt
elif has brew; then
    [ -z "$xcode" ] || stop "missing: $missing" "run: xcode-select --install"
    # shellcheck disable=SC2086
    install brew install --quiet $brew
elif has dnf; then
    stop "missing: $missing" "run: sudo dnf install$dnf"
elif has pacman; then
    stop "missing: $missing" "run: sudo pacman -S --needed$pacman"
elif [ "$(uname)" = Darwin ]; then
    stop "missing: $missing" "run: xcode-select --install, and install Homebrew (https://brew.sh) for the rest"
else
    stop "missing: $missing" "install them with this system's package manager"
fi
