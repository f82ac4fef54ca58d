#!/bin/sh
# Makes an archive for other machines of this kind: dist/quipu-VERSION-TARGET.tar.gz, and its
# checksum in dist/SHA256SUMS.
#
#   dist.sh                                      builds the program and packs it
#   dist.sh pack PROGRAM LICENCES TARGET FOLDER  packs one that is there, into FOLDER
#
# It is built in a target folder of its own (target/dist), for processors that are common and not
# for this one: x86-64-v3 (AVX2 and FMA: Intel since Haswell, AMD since Zen), or the first of
# aarch64. The C++ and OpenMP libraries become part of the program. The same sources, compilers and
# machine give the same archive; its times are those of the last commit (or SOURCE_DATE_EPOCH).
# `scripts/try-dist.sh` tries it.
set -eu

say() { echo "dist: $*" >&2; }
fail() {
    say "$1"
    say "hint: $2"
    exit 2
}
# A path that stays right in another folder.
absolute() {
    case $1 in
    /*) echo "$1" ;;
    *) echo "$PWD/$1" ;;
    esac
}

case $#-${1:-} in
0-) target='' ;; # whatever the environment has
5-pack)
    program=$(absolute "$2") licences=$(absolute "$3") target=$4 out=$(absolute "$5")
    for file in "$program" "$licences"; do
        [ -f "$file" ] || fail "there is no file $file" "usage: scripts/dist.sh pack PROGRAM LICENCES TARGET FOLDER"
    done
    ;;
*) fail "cannot read these arguments: $*" "usage: scripts/dist.sh [pack PROGRAM LICENCES TARGET FOLDER]" ;;
esac
cd "$(dirname "$0")/.."

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 315532800)} # 1980
export SOURCE_DATE_EPOCH="$epoch"

# The processors that a program for $target runs on: for the compilers, and in words.
case ${target:=$(rustc -vV | sed -n 's/^host: //p')} in
x86_64-*)
    cpu=x86-64-v3
    runs_on="any x86-64 processor with AVX2 and FMA (x86-64-v3: Intel since Haswell, AMD since Zen)"
    ;;
aarch64-*) cpu='' runs_on="any aarch64 processor" ;;
*) cpu='' runs_on="any processor of this kind" ;;
esac

# build: compiles the program for $target, and writes down what it is made of.
build() {
    cargo=${CARGO_HOME:-$HOME/.cargo}
    # Where it was built is nobody's business, and would differ elsewhere.
    between=$(printf '\037')
    flags=--remap-path-prefix=$cargo=cargo$between--remap-path-prefix=$PWD=quipu
    case $cargo in
    *' '*) map='' ;; # nobody reads such a path in these variables
    *) map=-ffile-prefix-map=$cargo=cargo ;;
    esac
    # llama.cpp is compiled for the same processors: its build script reads these flags. Without a
    # CXXSTDLIB nobody asks for a C++ library beside the one that becomes part of the program.
    CARGO_ENCODED_RUSTFLAGS=${cpu:+-Ctarget-cpu=$cpu$between}$flags CFLAGS=$map CXXFLAGS=$map CXXSTDLIB='' \
        CARGO_PROFILE_RELEASE_STRIP=symbols \
        cargo build --release --locked --workspace --bin quipu --features quipu/static \
        --target-dir target/dist
    program=$PWD/target/dist/release/quipu
    licences=$PWD/target/dist/LICENCES
    out=$PWD/dist

    # What makes a tool of Python, and the text that comes with this machine's Python.
    componentize=$(scripts/pip-tool.sh componentize-py)
    set -- "componentize-py, in the tool python=${componentize%/*}"
    python=$(python3 -c 'import os, pathlib; print(pathlib.Path(os.__file__).with_name("LICENSE.txt"))')
    [ ! -f "$python" ] || set -- "$@" "CPython, in the tool python=$python"
    python3 scripts/licences.py "$target" Cargo.toml wasm32-wasip2 plugins/Cargo.toml \
        wasm32-wasip2 plugins/eyes/Cargo.toml wasm32-wasip2 plugins/ears/Cargo.toml "$@" >"$licences"
}

# put FILE PLACE: copies a file to a place in the archive.
put() {
    mkdir -p "$(dirname "$tree/$2")"
    cp "$1" "$tree/$2"
}

# How it is installed, and what it needs.
install_text() {
    cat <<TEXT
Quipu $version for $target

It runs on $runs_on;
on another one it says so and ends. What is built on the machine itself may be faster: \`make bin\`.
TEXT
    libraries=$(objdump -p "$program" 2>/dev/null | sed -n 's/^ *NEEDED *//p' | tr '\n' ' ')
    glibc=$(objdump -T "$program" 2>/dev/null | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1 || true)
    [ -z "$libraries" ] || printf 'It needs these libraries of the system: %s\n' "$libraries"
    [ -z "$glibc" ] || printf 'The C library has to be glibc %s or newer.\n' "${glibc#GLIBC_}"
    cat <<TEXT

For one user, with manual pages, completions and the service:

    tar -xzf $name.tar.gz --strip-components=1 -C ~/.local
    mkdir -p ~/.config/quipu ~/.cache/quipu ~/.local/share/quipu ~/.local/state/quipu
    systemctl --user enable --now quipu        # where it is to run all the time

For everybody: the same with -C /usr/local and without the service, whose program is in ~/.local.
TEXT
}

# pack: puts the program and what belongs to it into an archive in $out.
pack() {
    tar=$(command -v gtar || command -v tar) && "$tar" --version 2>/dev/null | grep -q GNU ||
        fail "this needs GNU tar" "on macOS: brew install gnu-tar"
    name=quipu-$version-$target
    mkdir -p "$out"
    work=$(mktemp -d "$out/.pack.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT TERM
    tree=$work/$name

    # The places of ~/.local and of /usr/local.
    put "$program" bin/quipu
    chmod +x "$tree/bin/quipu"
    for file in README.md CHANGELOG.md SECURITY.md LICENSE-APACHE LICENSE-MIT; do
        put "$file" "share/doc/quipu/$file"
    done
    put "$licences" share/doc/quipu/LICENCES-OF-OTHERS
    install_text >"$tree/share/doc/quipu/INSTALL"
    put contrib/quipu.service share/systemd/user/quipu.service
    "$program" man "$tree/share/man/man1"
    for place in bash:bash-completion/completions/quipu zsh:zsh/site-functions/_quipu \
        fish:fish/vendor_completions.d/quipu.fish; do
        file=$tree/share/${place#*:}
        mkdir -p "$(dirname "$file")"
        "$program" completions "${place%%:*}" >"$file"
    done

    # Files only: unpacking leaves the folders of ~/.local as closed as they are.
    (cd "$work" && find "$name" -type f | LC_ALL=C sort) >"$work/list"
    "$tar" --create --file "$work/$name.tar" --directory "$work" --files-from "$work/list" \
        --format=ustar --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime="@$epoch"
    gzip -n -9 "$work/$name.tar"
    mv "$work/$name.tar.gz" "$out/"
    (
        cd "$out"
        if command -v sha256sum >/dev/null; then sha256sum quipu-*.tar.gz; else shasum -a 256 quipu-*.tar.gz; fi
    ) >"$work/SHA256SUMS"
    mv "$work/SHA256SUMS" "$out/"
    say "made $out/$name.tar.gz"
}

[ "${1:-}" = pack ] || build
pack
