#!/bin/sh
# "multipleOf": 0.01, which is how a schema says that a price has two decimals, and the prices up to 100.00.
#
# Guess:   all validators take all prices, as division with some tolerance is the only way to mean anything by it. One
#          of them may trip over a few, the same few in each language.
# Reality: of the 10,000 prices from 0.01 to 100.00 jsonschema and Ajv refuse 1,363 (0.07, 0.14, 0.28, 0.29 and so on),
#          and 3,600 of the 10,000 above 10,000.00. msgspec, Valibot and TypeBox 0.34 refuse 9,986: all but 0.01, 0.02,
#          0.04 and so on, doubled up to 81.92. So 5 and 0.05 are no amounts of cents to them. jsonschema-rs,
#          fastjsonschema, pydantic and zod take all; above 100,000,000.00 pydantic refuses 1,200 of 10,000 and TypeBox
#          1.x 9,900, which takes 0.0099999999 as well. llguidance's grammar lets a model write each of the prices.
# Seen with jsonschema 4.26.0, jsonschema-rs 0.61.2, fastjsonschema 2.22.3, pydantic 2.14.4, msgspec 0.23.0, llguidance
#          1.9.1; ajv 8.20.0, zod 4.6.7, valibot 1.5.0, @sinclair/typebox 0.34.52, typebox 1.4.3: the rows below.
# So:      a model's right answer is refused by the next program and asked for again, and the second answer is the same.
#          Say cents as an integer, or ask for a text with a pattern. Do not test such a schema with 0.5 or 1.28.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check jsonschema==4.26.0 jsonschema-rs==0.61.2 fastjsonschema==2.22.3 pydantic==2.14.4 msgspec==0.23.0 llguidance==1.9.1
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts ajv@8.20.0 zod@4.6.7 valibot@1.5.0 @sinclair/typebox@0.34.52 typebox@1.4.3
cat >check.mjs <<'JS'
import { readFileSync } from "node:fs";
import { Type as OldType } from "@sinclair/typebox";
import { Value as OldValue } from "@sinclair/typebox/value";
import Ajv from "ajv/dist/2020.js";
import { Type } from "typebox";
import { Value } from "typebox/value";
import * as v from "valibot";
import { z } from "zod";

const ajv = new Ajv.default().compile({ type: "number", multipleOf: 0.01 });
const zod = z.number().multipleOf(0.01);
const valibot = v.pipe(v.number(), v.multipleOf(0.01));
const [old, box] = [OldType.Number({ multipleOf: 0.01 }), Type.Number({ multipleOf: 0.01 })];
const takes = {
  ajv,
  zod: (price) => zod.safeParse(price).success,
  valibot: (price) => v.safeParse(valibot, price).success,
  "typebox 0.34": (price) => OldValue.Check(old, price),
  "typebox 1": (price) => Value.Check(box, price),
};
const prices = JSON.parse(readFileSync(0));
console.log(JSON.stringify(Object.fromEntries(Object.entries(takes).map(([name, take]) => [name, prices.map(take)]))));
JS
cat >check.py <<'PY'
import json, subprocess, sys
from typing import Annotated
import fastjsonschema, jsonschema, jsonschema_rs, msgspec, pydantic
from llguidance import LLMatcher, LLTokenizer

SCHEMA = {"type": "number", "multipleOf": 0.01}
STARTS, COUNT, BETWEEN = (0, 10_000, 100_000_000), 10_000, 0.0099999999
prices = [(start * 100 + step) / 100 for start in STARTS for step in range(1, COUNT + 1)] + [BETWEEN]
# How many of 10,000 prices above 0, 10,000 and 100,000,000 are refused, and what is said of 0.0099999999.
BY_TWICE, BY_FLOAT, ALL = ([9986, 10000, 10000], "refused"), ([1363, 3600, 0], "refused"), ([0, 0, 0], "refused")
EXPECTED = {
    "jsonschema": BY_FLOAT,
    "jsonschema-rs": ALL,
    "fastjsonschema": ALL,
    "pydantic": ([0, 0, 1200], "taken"),
    "msgspec": BY_TWICE,
    "llguidance": ALL,
    "ajv": BY_FLOAT,
    "zod": ALL,
    "valibot": BY_TWICE,
    "typebox 0.34": BY_TWICE,
    "typebox 1": ([0, 0, 9900], "taken"),
}

def without_error(check):
    def takes(price):
        try:
            check(price)
        except (fastjsonschema.JsonSchemaException, pydantic.ValidationError, msgspec.ValidationError):
            return False
        return True
    return takes

tokenizer, grammar = LLTokenizer("byte"), LLMatcher.grammar_from_json_schema(SCHEMA)

def admits(price):
    tokens = tokenizer.tokenize_str(json.dumps(price))
    return LLMatcher(tokenizer, grammar).validate_tokens(tokens) == len(tokens)

by_pydantic = pydantic.TypeAdapter(Annotated[float, pydantic.Field(multiple_of=0.01)])
by_msgspec = Annotated[float, msgspec.Meta(multiple_of=0.01)]
TAKES = {
    "jsonschema": jsonschema.Draft202012Validator(SCHEMA).is_valid,
    "jsonschema-rs": jsonschema_rs.validator_for(SCHEMA).is_valid,
    "fastjsonschema": without_error(fastjsonschema.compile(SCHEMA)),
    "pydantic": without_error(by_pydantic.validate_python),
    "msgspec": without_error(lambda price: msgspec.convert(price, by_msgspec)),
    "llguidance": admits,
}
verdicts = {name: [take(price) for price in prices] for name, take in TAKES.items()}
verdicts |= json.loads(subprocess.run(["node", "check.mjs"], input=json.dumps(prices), capture_output=True, text=True, check=True).stdout)
changed = None
for name, taken in verdicts.items():
    refused = [taken[at * COUNT:(at + 1) * COUNT].count(False) for at in range(len(STARTS))]
    seen = refused, "taken" if taken[-1] else "refused"
    first = ([price for price, one in zip(prices, taken) if not one] + [""])[0]
    print(f"  {name:15}refuses {str(refused):24} {f'{first:.2f} first' if refused[0] else '':12} {BETWEEN} is {seen[1]}")
    if seen != EXPECTED[name] and not changed:
        changed = f"{name}: was {EXPECTED[name]}, is {seen}"
few = [price for price, one in zip(prices[:COUNT], verdicts["msgspec"]) if one]
print(f"  msgspec takes {few}")
if few != [2**power / 100 for power in range(14)] and not changed:
    changed = f"msgspec takes {few}"
if changed:
    sys.exit(f"CHANGED: {changed}")
print("as found")
PY
venv/bin/python -W ignore check.py
