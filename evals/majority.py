#!/usr/bin/env python3
"""What the plain majority of several runs of each case comes to.

    evals/majority.py CASES.jsonl RESULTS.jsonl

RESULTS is what `quipu eval CASES --repeat N --out RESULTS` has written; CASES check numbers, as
`gsm8k.py` writes them. Of answers that are as frequent the one that came first is taken.
"""

import json
import math
import re
import sys

Z = 1.96


def lines(path):
    try:
        with open(path, encoding="utf8") as file:
            return [json.loads(line) for line in file if line.strip()]
    except (OSError, ValueError) as error:
        sys.exit(f"majority: {path}: {error}\nmajority: hint: quipu eval CASES --repeat 5 --out RESULTS")


def number(answer):
    """The last number of an answer."""
    found = re.findall(r"-?\d[\d,]*(?:\.\d+)?", str(answer))
    return float(found[-1].replace(",", "")) if found else None


def interval(passed, n):
    """95 % (Wilson 1927)."""
    p = passed / n
    middle, half = p + Z * Z / (2 * n), Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return (middle - half) / (1 + Z * Z / n), (middle + half) / (1 + Z * Z / n)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    cases = {}
    for case in lines(sys.argv[1]):
        check = case.get("check")
        check = check[0] if isinstance(check, list) else check
        if not isinstance(check, dict) or "number" not in check:
            sys.exit(f"majority: {case['id']} checks no number\nmajority: hint: CASES of gsm8k.py do")
        cases[json.dumps(case["id"])] = check["number"]
    answers = {}
    for row in lines(sys.argv[2]):
        value = number(row.get("answer"))
        if json.dumps(row["id"]) in cases:
            answers.setdefault(json.dumps(row["id"]), []).append(value)
    if not answers:
        sys.exit("majority: no result is of one of the cases\nmajority: hint: both files have the same ids")
    passed = any_right = 0
    for key, found in answers.items():
        given = [value for value in found if value is not None]
        right = [abs(value - cases[key]) < 1e-6 for value in given]
        any_right += any(right)
        if given:
            best = max(given, key=given.count)
            passed += abs(best - cases[key]) < 1e-6
    n = len(answers)
    low, high = interval(passed, n)
    print(f"majority: {passed} of {n}, {passed / n:.3f} ({low:.3f} to {high:.3f}); one of the runs: {any_right / n:.3f}")


if __name__ == "__main__":
    main()
