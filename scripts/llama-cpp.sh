#!/bin/sh
# Builds llama.cpp's own server and benchmark tools, to measure beside, and prints the
# folder they are in.
#
# The source is the one vendored in PyPI's llama-cpp-python. It is compiled for this
# machine's own instructions, like Quipu, once: the result stays in the cache.
set -eu
version=0.3.36
# Only the source that was looked at is built.
hash=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e
tools='llama-server llama-bench llama-batched-bench llama-quantize'
home=${XDG_CACHE_HOME:-$HOME/.cache}/quipu/llama.cpp-$version
bin=$home/bin

if [ ! -e "$home/complete" ]; then
    rm -rf "$home"
    mkdir -p "$home"
    work=$(mktemp -d "$home/work.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT TERM
    echo "llama.cpp: fetching the source" >&2
    echo "llama-cpp-python==$version --hash=sha256:$hash" >"$work/requirements"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work" \
        --no-binary llama-cpp-python --require-hashes -r "$work/requirements" >&2 || {
        echo "llama.cpp: hint: pip could not fetch llama-cpp-python $version; is PyPI reachable?" >&2
        exit 2
    }
    tar -xzf "$work"/*.tar.gz -C "$work"
    echo "llama.cpp: building (some ten minutes on two cores)" >&2
    cmake -S "$work/llama_cpp_python-$version/vendor/llama.cpp" -B "$work/build" \
        -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DGGML_NATIVE=ON \
        -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF \
        -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF >"$work/log" 2>&1 &&
        # shellcheck disable=SC2086  # a list of words
        cmake --build "$work/build" -j "$(getconf _NPROCESSORS_ONLN)" --target $tools >>"$work/log" 2>&1 || {
        tail -n 20 "$work/log" >&2
        echo "llama.cpp: hint: it needs cmake and a C++ compiler; scripts/setup.sh installs them" >&2
        exit 1
    }
    mkdir -p "$bin"
    for tool in $tools; do
        cp "$work/build/bin/$tool" "$bin/"
    done
    touch "$home/complete"
fi
echo "$bin"
