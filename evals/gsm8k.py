#!/usr/bin/env python3
"""Cases of GSM8K, for `quipu eval`: the answer as a whole has to be the number.

    evals/gsm8k.py DATA [--every K] [--offset O] [--n N] >cases.jsonl

DATA has test.jsonl, as openai/grade-school-math has it.
"""

import argparse
import json
import os
import sys


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--n", type=int, default=None)
    args = parser.parse_args()
    try:
        with open(os.path.join(args.data, "test.jsonl")) as file:
            rows = list(enumerate(map(json.loads, file)))
    except OSError as error:
        sys.exit(f"gsm8k: {error}\ngsm8k: hint: DATA has the files of openai/grade-school-math")
    for number, row in rows[args.offset :: args.every][: args.n]:
        want = float(row["answer"].split("####")[1].strip().replace(",", ""))
        print(
            json.dumps(
                {
                    "id": f"gsm8k_{number}",
                    "tags": ["gsm8k"],
                    "prompt": row["question"],
                    "check": {"number": want},
                },
                ensure_ascii=False,
            )
        )


if __name__ == "__main__":
    main()
