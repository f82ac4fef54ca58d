#!/bin/sh
# In the place of rustdoc while the doctests run: makes the documentation of the crate first, so
# that a link that leads nowhere fails. `cargo doc` would do the same only after it has checked
# every dependency, all of which have just been compiled.
set -eu

# The same without what asks for tests.
documentation() {
    left=$#
    while [ "$left" -gt 0 ]; do
        argument=$1
        shift
        left=$((left - 1))
        case $argument in
        --test) ;;
        --test-*)
            # With its value.
            shift
            left=$((left - 1))
            ;;
        *) set -- "$@" "$argument" ;;
        esac
    done
    rustdoc "$@" -Dwarnings -o "${CARGO_TARGET_DIR:-target}/doc"
}

case " $* " in
*" --test "*) documentation "$@" ;;
esac
exec rustdoc "$@"
