#!/bin/sh
# Tries an archive of `make dist` where there is nothing else: in a root that has the libraries
# which the program names, and no shell, no compiler, no /proc, no network's certificates.
#
#   try-dist.sh [ARCHIVE [MODEL.gguf]]
#
# Without an ARCHIVE it takes the newest in dist/. With a MODEL that answers too. It needs Linux,
# and to be root or to have user namespaces (`unshare -r`).
set -eu
PATH=$PATH:/usr/sbin:/sbin # chroot

say() { echo "try-dist: $*" >&2; }
fail() {
    say "$1"
    say "hint: $2"
    exit 2
}

[ $# -le 2 ] || fail "cannot read these arguments: $*" "usage: scripts/try-dist.sh [ARCHIVE [MODEL.gguf]]"
archive=${1:-$(ls -t "$(dirname "$0")"/../dist/quipu-*.tar.gz 2>/dev/null | head -n 1)}
model=${2:-}
[ -f "$archive" ] || fail "there is no archive ${archive:-in dist/}" "make one: make dist"
[ -z "$model" ] || [ -f "$model" ] || fail "there is no file $model" "fetch one: quipu model pull smollm2-135m"
command -v ldd >/dev/null || fail "there is no ldd" "this works on Linux with glibc"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
bare=$work/bare
mkdir -p "$bare/usr" "$bare/home" "$bare/tmp"

# The checksum first.
sums=$(dirname "$archive")/SHA256SUMS
if [ -f "$sums" ]; then
    grep " $(basename "$archive")\$" "$sums" >"$work/sum" || fail "$sums does not have $(basename "$archive")" "make both anew: make dist"
    (cd "$(dirname "$archive")" && sha256sum --check --quiet "$work/sum") || fail "$archive is another than $sums says" "make both anew: make dist"
    say "the checksum is right"
fi
tar -xzf "$archive" --strip-components=1 -C "$bare/usr"
for file in bin/quipu share/man/man1/quipu.1 share/doc/quipu/LICENSE-MIT share/systemd/user/quipu.service; do
    [ -s "$bare/usr/$file" ] || fail "$archive lacks $file" "make it anew: make dist"
done

# What the program names, and nothing else.
ldd "$bare/usr/bin/quipu" >"$work/libraries" || fail "this machine cannot start it" "an archive is for one kind of machine: see its name"
! grep 'not found' "$work/libraries" >&2 || fail "libraries are missing here" "install them, and try again"
awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }' "$work/libraries" | while read -r library; do
    mkdir -p "$bare$(dirname "$library")"
    cp -L "$library" "$bare$library"
done
say "libraries of the system: $(awk '$2 == "=>" && $3 ~ /^\// { print $1 }' "$work/libraries" | tr '\n' ' ')"

# The first that works: root may change its root, others may be root of a namespace.
enter=''
for way in '' 'unshare -r'; do
    # shellcheck disable=SC2086  # a list of words
    if $way chroot "$bare" /usr/bin/quipu --version >/dev/null 2>"$work/refused"; then
        enter=${way:-env}
        break
    fi
done
[ -n "$enter" ] || {
    cat "$work/refused" >&2
    fail "it does not start in a bare root" "run this as root, or where \`unshare -r\` is allowed"
}

# try WANTED ARGUMENT...: runs the program in there; it has to succeed, and to print WANTED.
failed=0
try() {
    wanted=$1
    shift
    # shellcheck disable=SC2086
    if env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/home $enter chroot "$bare" /usr/bin/quipu "$@" \
        </dev/null >"$work/out" 2>"$work/err" && case $(cat "$work/out") in *"$wanted"*) ;; *) false ;; esac; then
        say "ok      quipu $*"
    else
        say "FAILED  quipu $*: no \"$wanted\", or an error"
        sed 's/^/        /' "$work/out" "$work/err" >&2
        failed=1
    fi
}

cat >"$bare/script.jsonl" <<'SCRIPT'
{"tool":"calculator.calculate","args":{"expression":"23% * 4150 - 38"}}
{"answer":"It is 916.5."}
SCRIPT
echo "The milk is in the cellar." >"$bare/note.txt"
try "quipu " --version
try "ok   tools" doctor --cpu script:/script.jsonl
try "It is 916.5." run --cpu script:/script.jsonl "What is 23% of 4,150, minus 38?"
# Compiles a Python of 30 MB for this processor.
try 42 tool call python '{"code":"print(6 * 7)"}'
try "" mem add --vouch /note.txt
try cellar mem search milk
[ -z "$model" ] || {
    cp "$model" "$bare/model.gguf"
    try "" run --model /model.gguf --max-tokens 64 --max-steps 4 --approve never "Say hello."
}

# On a processor that is too old it says so.
if emulator=$(command -v qemu-x86_64) && case $archive in *x86_64*) ;; *) false ;; esac; then
    if "$emulator" -cpu Nehalem "$bare/usr/bin/quipu" --version 2>"$work/err" || ! grep -q 'newer processor' "$work/err"; then
        say "FAILED  a processor of 2008 is not told what it lacks"
        failed=1
    else
        say "ok      a processor of 2008 is told what it lacks"
    fi
else
    say "left out: an old processor (qemu-x86_64 is not here)"
fi
exit "$failed"
