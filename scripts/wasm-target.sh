#!/bin/sh
# Makes it possible to build Rust guests for wasm32-wasip2, and prints on stdout the
# one line the caller needs: what to set RUSTC to for the guests.
#
#   RUSTC="$(scripts/wasm-target.sh)" cargo build --release --target wasm32-wasip2
#
# Three ways, the cheapest that works:
#   1. the pinned toolchain has the target already, or an earlier run has built it;
#   2. `rustup target add wasm32-wasip2`;
#   3. where rustup can fetch nothing: the target's standard library is compiled from
#      Debian's rust-src of exactly the same release, by the unmodified compiler, in a
#      hard-link copy of its sysroot kept in the cache. Nothing is installed and no root
#      is needed: apt only downloads two packages into a temporary folder.
set -eu

target=wasm32-wasip2
suite=trixie-backports
cd "${1:-$(dirname "$0")/..}" # so that the rust-toolchain.toml there chooses the compiler

say() { echo "wasm-target: $*" >&2; }
fail() {
    say "$1"
    say "hint: $2"
    exit 1
}
has_std() { ls "$1/lib/rustlib/$target/lib/"libstd-*.rlib >/dev/null 2>&1; }

command -v rustc >/dev/null || fail "there is no rustc" "install Rust with rustup"
release=$(rustc -V | cut -d' ' -f2)
sysroot=$(rustc --print sysroot)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/quipu"
copy="$cache/wasm-target-$release"

# 1. Done before.
if has_std "$sysroot"; then
    echo rustc
    exit 0
fi
if has_std "$copy" && "$copy/bin/rustc" -V >/dev/null 2>&1; then
    echo "$copy/bin/rustc"
    exit 0
fi

# 2. What everybody with rustup and a network gets. It may hang where there is none; macOS has
# nothing that ends it then.
limit=
if command -v timeout >/dev/null; then limit='timeout 60'; fi
if command -v rustup >/dev/null; then
    if $limit rustup target add "$target" >/dev/null 2>&1 && has_std "$sysroot"; then
        echo rustc
        exit 0
    fi
    say "rustup could not fetch $target; compiling its standard library (about a minute)"
fi

# 3. From source.
hint="or, on a machine with a network, run: rustup target add $target"
[ -f "$sysroot/lib/rustlib/components" ] ||
    fail "this rustc was not installed by rustup (sysroot $sysroot)" \
        "install your distribution's standard library for $target, $hint"
for tool in apt-get apt-cache dpkg; do
    command -v "$tool" >/dev/null ||
        fail "without $tool the sources of Rust $release cannot be fetched" "$hint"
done

mkdir -p "$cache"
work=$(mktemp -d "$cache/wasm-target.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
log="$work/log"
fail_with_log() {
    tail -n 20 "$log" >&2
    fail "$1" "$hint"
}

# apt, on lists of its own: the suite comes from the mirror this machine already uses.
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep '/debian/*$' | grep -v security | sort -u | head -n 1)
[ -n "$mirror" ] && [ -f "$keyring" ] ||
    fail "apt knows no mirror of Debian that could have rust-src $release" "$hint"
mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial" "$work/deb"
echo "deb [signed-by=$keyring] $mirror $suite main" >"$work/apt/sources.list"
apt() {
    command=$1
    shift
    "$command" -q -o "Dir::Etc::SourceList=$work/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o "Dir::State::Lists=$work/apt/lists" -o "Dir::Cache=$work/apt" \
        -o APT::Sandbox::User= "$@" 2>>"$log"
}
apt apt-get update >>"$log" || fail_with_log "apt could not read the suite $suite"
version=$(apt apt-cache madison rust-src | tr -d ' ' | cut -d'|' -f2 | grep "^$release+" | head -n 1) || true
[ -n "$version" ] || fail "the suite $suite has no rust-src of Rust $release" "$hint"
(cd "$work/deb" && apt apt-get download "rust-src=$version" wasi-libc >>"$log") ||
    fail_with_log "apt could not download rust-src $version and wasi-libc"
for package in "$work"/deb/*.deb; do
    dpkg -x "$package" "$work/deb" || fail "$package cannot be unpacked" "try again; $hint"
done
source=$(find "$work/deb" -type d -path '*/library/sysroot' | head -n 1)
libc=$(find "$work/deb" -name libc.a -path "*$target*" | head -n 1)
[ -n "$source" ] && [ -n "$libc" ] ||
    fail "rust-src $version or wasi-libc is not laid out as expected" "$hint"

# The copy: links where it is on the same file system, else a real copy.
new="$work/sysroot"
mkdir "$new"
for part in bin lib libexec; do
    [ -d "$sysroot/$part" ] || continue
    cp -al "$sysroot/$part" "$new/" 2>/dev/null || { rm -rf "${new:?}/$part" && cp -a "$sysroot/$part" "$new/"; }
done
lib="$new/lib/rustlib/$target/lib"
mkdir -p "$lib/self-contained"
cp "$(dirname "$libc")"/crt1-command.o "$(dirname "$libc")"/crt1-reactor.o "$libc" "$lib/self-contained/" ||
    fail "wasi-libc lacks a start file for $target" "$hint"

# As the compiler's own build does it: an unstable library, with its hashes' salt.
say "building the standard library of Rust $release for $target"
(
    cd "$source"
    RUSTC="$new/bin/rustc" RUSTC_BOOTSTRAP=1 __CARGO_DEFAULT_LIB_METADATA=stablestd \
        RUSTFLAGS="-Zforce-unstable-if-unmarked -Cembed-bitcode=yes -L native=$lib/self-contained" \
        CARGO_TARGET_DIR="$work/target" \
        "$sysroot/bin/cargo" build --release --target "$target" \
        --features "panic-unwind compiler-builtins-mem" >>"$log" 2>&1
) || fail_with_log "the standard library did not compile"
cp "$work/target/$target"/release/deps/*.rlib "$lib/"
has_std "$new" || fail "the build made no libstd for $target" "$hint"

# One step: whoever looks sees nothing or all of it.
if ! has_std "$copy"; then
    rm -rf "$copy"
    mv "$new" "$copy" 2>/dev/null || has_std "$copy" || fail "cannot write $copy" "free some space there"
fi
echo "$copy/bin/rustc"
