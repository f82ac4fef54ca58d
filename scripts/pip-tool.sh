#!/bin/sh
# Prints the path of a compiler for guests, installing it from PyPI where it is missing:
#
#   pip-tool.sh componentize-py    Python to components, with the CPython it brings
#   pip-tool.sh zig                a C compiler that has a libc for wasm
#
# Each is in a folder of its own in the cache, named after its version; nothing is
# installed elsewhere. Only the very files that were looked at are installed: the hashes
# are those of the wheels for Linux and macOS, whichever index they come from.
set -eu

cache="${XDG_CACHE_HOME:-$HOME/.cache}/quipu"

say() { echo "$tool: $*" >&2; }
fail() {
    say "$1"
    say "hint: $2"
    exit 1
}

tool=${1:-}
case $tool in
componentize-py)
    package=componentize-py==0.25.1
    hashes='65fbc4a94df1de8acf7da50a1f5ed1711230188844e53e6332d99029be4e0afa
        a556991534cc496207a9d2ca733c4b0f17ed38ef56a8d6b5f1847fdf1225dd1b
        7b6a87c520358166843af0daa86d2312d7af4cbcbbf1e598951085cf7f2991ca
        8623cd8cab8453cb0cd8bf03f3c7103420d06f2f3d360186a280a70a1ca5e89f'
    command='PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1 exec python3 "$here/bin/componentize-py" "$@"'
    ;;
zig)
    package=ziglang==0.17.1
    hashes='09953b6af7f64168b915180a42774f520f92d86ef6331b28e33915c7e1f0bb23
        4e0b4b9c02b8d0d220e9948010f860b62ff11d96abb39762eca5fa2ef3f7bc97
        d0549d5db63961ad9ed83ef628a45e3309542410dbcb6010116f4f2a3274d966
        ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54
        b7c5f02fccd40f89b999ee16a1f5ddced56e6182370f8affe494bcf8a28cf07e
        7ec229ead4a08f3bc537ed33fa8c0f811739b81a0d05afbea89db30afb4df1cc
        d3bf27478d4593f2df7daf5c59b616a543b8f9e2cc9235bef84d8e54862a4334
        87f24e5cdca55f5d47c1e20570eebb61a53957fafe4c35c69740e13affe407ba
        d65ae4223b0c351cb3b4596262b8d9773acc9ca94ef8ea9b5fe3ddfa07dd204f'
    command='ZIG_GLOBAL_CACHE_DIR="$here/cache" exec "$here/ziglang/zig" "$@"'
    ;;
*)
    tool=pip-tool
    fail "there is no tool \"${1:-}\"" "usage: pip-tool.sh componentize-py|zig"
    ;;
esac
home="$cache/$tool-${package#*==}"
program="$home/run"

if [ -x "$program" ]; then
    echo "$program"
    exit 0
fi

command -v python3 >/dev/null || fail "there is no python3" "install Python 3.10 or newer with pip"
python3 -m pip --version >/dev/null 2>&1 || fail "python3 has no pip" "on Debian: apt-get install python3-pip"

say "installing $package into $cache"
mkdir -p "$cache"
new=$(mktemp -d "$cache/$tool.XXXXXX")
trap 'rm -rf "$new"' EXIT
trap 'exit 130' INT TERM
{
    printf '%s' "$package"
    for hash in $hashes; do printf ' --hash=sha256:%s' "$hash"; done
    echo
} >"$new/requirements"
python3 -m pip install --quiet --disable-pip-version-check --no-compile --only-binary=:all: --no-deps \
    --require-hashes --target "$new" -r "$new/requirements" >"$new/log" 2>&1 || {
    tail -n 5 "$new/log" >&2
    fail "pip could not install $package" "it needs Python 3.10 or newer, and PyPI or a mirror of it"
}
cat >"$new/run" <<RUN
#!/bin/sh
here='$home'
$command
RUN
chmod 755 "$new" "$new/run"

# One step: whoever looks sees nothing or all of it.
if ! [ -x "$program" ]; then
    rm -rf "$home"
    mv "$new" "$home" 2>/dev/null || [ -x "$program" ] || fail "cannot write $home" "free some space there"
fi
echo "$program"
