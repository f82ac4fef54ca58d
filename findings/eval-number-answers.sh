#!/bin/sh
# The same answers to a sum, graded by Inspect's match(numeric=True) and by the filter of lm-eval's gsm8k.
#
# Guess:   both look for the last number of an answer and compare its value with the right one, so plain answers are
#          graded alike. They differ, if at all, over fractions and units.
# Reality: of 19 answers, all with one number that a reader would take for the result, 14 are graded in opposite ways.
#          lm-eval compares text: 18.00 is not 18, 0.50 and .5 are not 0.5. Three dots at the end are its last
#          "number". A minus sign as typeset (−) is dropped, so −18 is wrong where it is right and right where 18 is.
#          1.8e3 is 3.
#          Inspect compares values, but a number must stand alone between blanks: x=18, \boxed{18}, 18kg, US$18, ~18
#          and <b>42</b> are no numbers, and where an earlier number stands alone, that one is graded: of "2 eggs,
#          x=18" the answer is 2. 3² is 9 for it and 3 for lm-eval.
#          Both grade 30 in "18 hours and 30 minutes", and 0 of 1 000 with a blank.
# Seen with inspect-ai 0.3.285, lm-eval 0.4.13: the rows printed below.
# So:      two published rates for one model may measure how it writes. A model that ends in \boxed{} or in units fails
#          in one harness, one that writes prices or minus signs in the other. Ask for a last line of one form, such as
#          "Answer: 18", check that line, and read 50 answers that were graded wrong before believing a difference.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check inspect-ai==0.3.285 lm-eval==0.4.13
cat >check.py <<'PY'
import asyncio, pathlib, sys
import lm_eval, yaml
from inspect_ai.model import ModelName, ModelOutput
from inspect_ai.scorer import Target, match
from inspect_ai.solver import TaskState
from lm_eval.api.metrics import exact_match_hf_evaluate
from lm_eval.filters.extraction import RegexFilter

# (right answer, the model's answer) -> graded by Inspect, by lm-eval
ANSWERS = {
    ("18", "The answer is 18."): "right right",
    ("18", "The answer is **18** dollars."): "right right",
    ("1000", "The answer is $1,000."): "right right",
    ("18", "The answer is $18.00."): "right wrong",
    ("0.5", "The answer is 0.50"): "right wrong",
    ("0.5", "The answer is .5"): "right wrong",
    ("18", "The answer is 18, and so on..."): "right wrong",
    ("-18", "The answer is \u221218."): "right wrong",
    ("18", "The answer is \u221218."): "wrong right",
    ("1800", "The answer is 1.8e3"): "right wrong",
    ("9", "The answer is 3\u00b2"): "right wrong",
    ("18", r"The answer is \boxed{18}."): "wrong right",
    ("18", "She has 2 eggs, so x=18"): "wrong right",
    ("18", "The answer is 18kg."): "wrong right",
    ("18", "The answer is US$18"): "wrong right",
    ("18", "The answer is ~18"): "wrong right",
    ("42", "The answer is <b>42</b>"): "wrong right",
    ("18", "The answer is 18 hours and 30 minutes."): "wrong wrong",
    ("1000", "The answer is 1 000."): "wrong wrong",
}
task = yaml.safe_load((pathlib.Path(lm_eval.__file__).parent / "tasks/gsm8k/gsm8k.yaml").read_text())
(metric,) = task["metric_list"]
(flexible,) = [f["filter"][0] for f in task["filter_list"] if f["name"] == "flexible-extract"]
extract = RegexFilter(regex_pattern=flexible["regex_pattern"], group_select=flexible["group_select"])
numeric = match(numeric=True)

def by_inspect(right, answer):
    output = ModelOutput.from_content("none", answer)
    state = TaskState(ModelName("none/none"), 1, 1, "", [], output=output)
    return asyncio.run(numeric(state, Target(right))).value == "C"

def by_lm_eval(right, answer):
    ((found,),) = extract.apply([[answer]], [{}])
    options = {name: metric[name] for name in ("ignore_case", "ignore_punctuation", "regexes_to_ignore")}
    return exact_match_hf_evaluate([found], [f"It is easy.\n#### {right}"], **options)["exact_match"] == 1

seen = {}
for right, answer in ANSWERS:
    grades = [by_inspect(right, answer), by_lm_eval(right, answer)]
    seen[right, answer] = " ".join("right" if grade else "wrong" for grade in grades)
print("  right answer, answer given: Inspect lm-eval")
for (right, answer), value in seen.items():
    print(f"  {right:6}{answer:42}{value}")
changed = [pair for pair in ANSWERS if seen[pair] != ANSWERS[pair]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {ANSWERS[changed[0]]}, is {seen[changed[0]]}")
print("as found")
PY
venv/bin/python check.py
