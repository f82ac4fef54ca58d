#!/bin/sh
# The same short answers, graded by exact() and f1() of Inspect and by DROP and TriviaQA of lm-eval.
#
# Guess:   an answer equal to the right one, letter by letter, is right. Case, articles and punctuation around words do not
#          count, as in SQuAD's rules; signs, and points within numbers and dates, do.
# Reality: of one rule there are three versions.
#          1. The article is dropped even if it is the whole answer. Inspect then has nothing to compare: "A" for "A" is
#             wrong in exact() and 0 in f1(), while "B" for "B" is right. In lm-eval's DROP nothing equals nothing: A+ for
#             A-, and "the" for "a", are right.
#          2. A minus sign is punctuation: -5 for 5 is right in all of them, with F1 1. So are 1/2 for 12, 10:30 for 1030,
#             C++ for C#, v1.2 for v12.
#          3. A hyphen parts words in Inspect and in DROP, and F1 has no order: 2024-05-03 for 2024-03-05 has F1 1, and so
#             has "3 to 5" for "5 to 3".
#          4. TriviaQA's rule takes the point out of numbers too: 3.5 for 35 is right, 1.0 for 1 is wrong; the other two
#             say the opposite. It keeps articles, against TriviaQA's own rule.
#          5. Only ASCII is punctuation: $5 is 5, €5 is not; quotes as typeset and the full stop of Chinese are letters.
# Seen with inspect-ai 0.3.285, lm-eval 0.4.13: the rows printed below.
# So:      a multiple-choice task graded by exact() loses every A and only the A: use choice(), or a target such as "(A)"
#          compared by a scorer of your own. Where answers have signs, dates or ranges compare values, and look at what an
#          answer has become after normalisation before trusting a rate.
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
from inspect_ai.scorer import Target, exact, f1
from inspect_ai.solver import TaskState
from lm_eval.api.metrics import exact_match_hf_evaluate
from lm_eval.tasks.drop.utils import get_metrics

# (right answer, the model's answer) -> graded by exact() and f1(), by DROP's two, by TriviaQA's
ANSWERS = {
    ("B", "B"): "right 1.00, right 1.00, right",
    ("A", "A"): "wrong 0.00, right 1.00, right",
    ("a", "the"): "wrong 0.00, right 1.00, wrong",
    ("A-", "A+"): "wrong 0.00, right 1.00, right",
    ("vitamin", "vitamin A"): "right 1.00, right 1.00, wrong",
    ("5", "-5"): "right 1.00, right 1.00, right",
    ("12", "1/2"): "right 1.00, right 1.00, right",
    ("1030", "10:30"): "right 1.00, right 1.00, right",
    ("C#", "C++"): "right 1.00, right 1.00, right",
    ("v12", "v1.2"): "right 1.00, right 1.00, right",
    ("2024-03-05", "2024-05-03"): "wrong 1.00, wrong 1.00, wrong",
    ("5 to 3", "3 to 5"): "wrong 1.00, wrong 1.00, wrong",
    ("35", "3.5"): "wrong 0.00, wrong 0.00, right",
    ("1", "1.0"): "right 1.00, right 1.00, wrong",
    ("Who", "The Who"): "right 1.00, right 1.00, wrong",
    ("5", "$5"): "right 1.00, right 1.00, right",
    ("5", "€5"): "wrong 0.00, wrong 0.00, wrong",
    ("Paris", '"Paris"'): "right 1.00, right 1.00, right",
    ("Paris", "“Paris”"): "wrong 0.00, wrong 0.00, wrong",
    ("苏黎世", "苏黎世。"): "wrong 0.00, wrong 0.00, wrong",
}
task = yaml.safe_load((pathlib.Path(lm_eval.__file__).parent / "tasks/triviaqa/default.yaml").read_text())
(metric,) = task["metric_list"]
options = {name: metric[name] for name in ("ignore_case", "ignore_punctuation")}

def by_inspect(scorer, right, answer):
    output = ModelOutput.from_content("none", answer)
    state = TaskState(ModelName("none/none"), 1, 1, "", [], output=output)
    return asyncio.run(scorer(state, Target(right))).value

def shown(grade):
    return "right" if grade in ("C", 1) else "wrong"

seen = {}
for right, answer in ANSWERS:
    drop_exact, drop_f1 = get_metrics([answer], [right])
    trivia = exact_match_hf_evaluate([answer], [right], **options)["exact_match"]
    seen[right, answer] = (
        f"{shown(by_inspect(exact(), right, answer))} {by_inspect(f1(), right, answer):.2f}, "
        f"{shown(drop_exact)} {drop_f1:.2f}, {shown(trivia)}"
    )
print("  right answer, answer given: Inspect's exact and f1, DROP's exact and F1, TriviaQA's exact")
for (right, answer), value in seen.items():
    print(f"  {right:12}{answer:12}{value}")
changed = [pair for pair in ANSWERS if seen[pair] != ANSWERS[pair]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {ANSWERS[changed[0]]}, is {seen[changed[0]]}")
print("as found")
PY
venv/bin/python check.py
