#!/bin/sh
# ROUGE of the same summaries in the two packages of that name: rouge and rouge-score.
#
# Guess:   both count words, so a summary that says its sentence five times has a precision of a fifth. ROUGE-L is
#          about order. They may differ in the treatment of case and punctuation by a few hundredths.
# Reality: rouge counts each different word once: five times the same sentence scores 1.00 against one, 0.33 in
#          rouge-score. Its ROUGE-L is the union over sentences: "Bob left. Alice paid." for "Alice paid. Bob left."
#          is 1.00, and so is "5.3 euros" for "3.5 euros", since a point ends a sentence; rouge-score: 0.50 and 0.80.
#          It sees case and punctuation: the reference in capitals scores 0. rouge-score sees neither, nor a sign:
#          "fell by -5" for "fell by 5" is 1.00, and rouge says 0.80.
# Seen with rouge 1.0.1, rouge-score 0.1.2: the rows of F1 printed below.
# So:      a small model that goes in circles, a common fault of small models, is hidden by the first package, and a
#          wrong sign by the second. State the package with a ROUGE, not only "ROUGE-L F1", never compare across the
#          two, and put a repeated and a reordered summary into the tests of an evaluation.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check rouge==1.0.1 rouge-score==0.1.2
cat >check.py <<'PY'
import sys
from rouge import Rouge
from rouge_score.rouge_scorer import RougeScorer

RENT = "the tenant pays the rent on the first day of the month"
# Name -> reference, summary.
CASES = {
    "the same": (RENT, RENT),
    "five times": (RENT, " ".join([RENT] * 5)),
    "other order": ("Alice paid. Bob left.", "Bob left. Alice paid."),
    "5.3 for 3.5": ("it costs 3.5 euros", "it costs 5.3 euros"),
    "capitals": (RENT, RENT.upper()),
    "commas": ("it costs 5 euros, not 6.", "it costs 5 euros not 6"),
    "-5 for 5": ("it fell by 5 percent", "it fell by -5 percent"),
}

def by_rouge(reference, summary):
    scores = Rouge().get_scores(summary, reference)[0]
    return [scores[kind]["f"] for kind in ("rouge-1", "rouge-2", "rouge-l")]

def by_rouge_score(reference, summary):
    kinds = ["rouge1", "rouge2", "rougeL"]
    scores = RougeScorer(kinds).score(reference, summary)
    return [scores[kind].fmeasure for kind in kinds]

def shown(scores):
    return " ".join(f"{score:.2f}" for score in scores)

seen = {name: (shown(by_rouge(*case)), shown(by_rouge_score(*case))) for name, case in CASES.items()}
expected = {
    "the same": ("1.00 1.00 1.00", "1.00 1.00 1.00"),
    "five times": ("1.00 0.96 1.00", "0.33 0.31 0.33"),
    "other order": ("1.00 0.67 1.00", "1.00 0.67 0.50"),
    "5.3 for 3.5": ("1.00 0.25 1.00", "1.00 0.25 0.80"),
    "capitals": ("0.00 0.00 0.00", "1.00 1.00 1.00"),
    "commas": ("0.83 0.60 0.83", "1.00 1.00 1.00"),
    "-5 for 5": ("0.80 0.50 0.80", "1.00 1.00 1.00"),
}
print(f"  {'':13}{'rouge: 1, 2, L':17}rouge-score: 1, 2, L")
for name, (rouge, rouge_score) in seen.items():
    print(f"  {name:13}{rouge:17}{rouge_score}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]}, is {seen[changed[0]]}")
print("as found")
PY
venv/bin/python check.py
