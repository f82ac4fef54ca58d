#!/bin/sh
# Prints the path of a compiler for guests, installing it from PyPI where it is missing:
#
#   pip-tool.sh componentize-py    Python to components, with the CPython it brings
#   pip-tool.sh zig                a C compiler that has a libc for wasm
#
# Each is in a folder of its own in the cache, named after its version; nothing is
# installed elsewhere.
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
    command='PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1 exec python3 "$here/bin/componentize-py" "$@"'
    ;;
zig)
    package=ziglang==0.17.1
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
python3 -m pip install --quiet --disable-pip-version-check --no-compile --only-binary=:all: \
    --target "$new" "$package" >"$new/log" 2>&1 || {
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
