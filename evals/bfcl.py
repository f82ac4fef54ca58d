#!/usr/bin/env python3
"""Cases of the Berkeley Function Calling Leaderboard v4, for `quipu eval`.

    evals/bfcl.py DATA CATEGORY [--every K] [--offset O] [--n N] [--fits] >cases.jsonl

DATA has BFCL_v4_CATEGORY.json and possible_answer/, as PyPI's bfcl-eval brings them.
CATEGORY is simple_python, multiple, parallel or irrelevance. A case is stopped once its
calls are decided. With --fits the cases are for `quipu eval --calibrate`.
"""

import argparse
import json
import os
import sys

CATEGORIES = ("simple_python", "multiple", "parallel", "irrelevance")
# BFCL names types as Python does.
TYPES = {"dict": "object", "float": "number", "tuple": "array"}


def schema(field):
    """A field's JSON Schema."""
    out = {}
    for key, given in field.items():
        if key == "type":
            if given != "any":
                out["type"] = TYPES.get(given, given)
        elif key == "properties":
            out["properties"] = {name: schema(one) for name, one in given.items()}
        elif key == "items":
            out["items"] = schema(given)
        elif key != "optional":
            out[key] = given
    return out


def spec(allowed):
    """What an argument may be: a list of values, of which "" means that it may be missing."""
    values = [value(one) for one in allowed if one != ""]
    out = {"any": values}
    if "" in allowed:
        out["optional"] = True
        # An empty text that was written counts as missing.
        out["any"] = values + [""]
    return out


def value(one):
    if isinstance(one, dict):
        return {name: spec(allowed) for name, allowed in one.items()}
    if isinstance(one, list):
        return [value(item) for item in one]
    return one


def calls(truth):
    found = []
    for call in truth:
        for tool, args in call.items():
            found.append({"tool": tool, "args": {name: spec(v) for name, v in args.items()}})
    return found


def read(path):
    try:
        with open(path) as file:
            return [json.loads(line) for line in file if line.strip()]
    except OSError as error:
        sys.exit(f"bfcl: {error}\nbfcl: hint: DATA has the files of PyPI's bfcl-eval")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data")
    parser.add_argument("category", choices=CATEGORIES)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--n", type=int, default=None)
    parser.add_argument("--fits", action="store_true")
    args = parser.parse_args()
    file = f"BFCL_v4_{args.category}.json"
    truths = {}
    # Where nothing is to be called there is no truth to it.
    if args.category != "irrelevance":
        answers = read(os.path.join(args.data, "possible_answer", file))
        truths = {row["id"]: row["ground_truth"] for row in answers}
    rows = read(os.path.join(args.data, file))
    for row in rows[args.offset :: args.every][: args.n]:
        functions = [
            {
                "name": function["name"],
                "description": function["description"],
                "parameters": schema(function["parameters"]),
            }
            for function in row["function"]
        ]
        case = {
            "id": row["id"],
            "tags": [args.category],
            "prompt": row["question"][0][-1]["content"],
            "functions": functions,
        }
        truth = truths.get(row["id"])
        if args.fits:
            case["fits"] = next(iter(truth[0])) if truth else None
        else:
            case["stop"] = "call"
            case["check"] = {"calls": calls(truth)} if truth else {"no_call": True}
        print(json.dumps(case, ensure_ascii=False))


if __name__ == "__main__":
    main()
