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

# BFCL names types as Python does.
TYPES = {"dict": "object", "float": "number", "tuple": "array"}


def schema(field):
    """A field's JSON Schema."""
    out = {}
    for key, value in field.items():
        if key == "type":
            if value != "any":
                out["type"] = TYPES.get(value, value)
        elif key == "properties":
            out["properties"] = {name: schema(one) for name, one in value.items()}
        elif key == "items":
            out["items"] = schema(value)
        elif key != "optional":
            out[key] = value
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("category")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--n", type=int, default=None)
    parser.add_argument("--fits", action="store_true")
    args = parser.parse_args()
    truths = {}
    answers = os.path.join(args.data, "possible_answer", f"BFCL_v4_{args.category}.json")
    if os.path.exists(answers):
        with open(answers) as file:
            truths = {row["id"]: row["ground_truth"] for row in map(json.loads, file)}
    with open(os.path.join(args.data, f"BFCL_v4_{args.category}.json")) as file:
        rows = [json.loads(line) for line in file]
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


main()
