# What the scripts beside it have in common, most of which call a tool once for each line of
# a file; they source it. NAME says who speaks. It sets $quipu, and $work: a folder that goes at the end.

quipu=${QUIPU:-${CARGO_TARGET_DIR:-$(dirname "$0")/../target}/release/quipu}

# fail PROBLEM HINT
fail() {
    echo "$NAME: $1" >&2
    echo "$NAME: hint: $2" >&2
    exit 2
}

# has_data FILE USAGE
has_data() {
    [ -f "$1" ] || fail "there is no file \"$1\"" "usage: $2"
    [ -x "$quipu" ] || fail "$quipu is not there" "run: make build"
}

# word_problems USAGE DATA N: sets $lines, the questions of GSM8K in DATA, and $out, the folder OUT or
# one that goes at the end.
word_problems() {
    has_data "$2/gsm8k/test.jsonl" "$1"
    case $3 in
        '' | *[!0-9]* | 0) fail "N is \"$3\"" "N is the number of questions: $1" ;;
    esac
    lines=$(wc -l <"$2/gsm8k/test.jsonl")
    out=${OUT:-$work}
    mkdir -p "$out"
}

# call_all FUNCTION: from $work/calls.jsonl to $work/results.jsonl. The cache is the
# user's own, which has the tool compiled. A failed call is a line as well.
call_all() {
    XDG_CONFIG_HOME="$work" XDG_DATA_HOME="$work" XDG_STATE_HOME="$work" \
        "$quipu" tool call "$1" --jsonl "$work/calls.jsonl" >"$work/results.jsonl" || true
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
