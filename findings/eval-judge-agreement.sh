#!/bin/sh
# How well a judge's scores agree with a person's: weighted kappa and its kin in five packages.
#
# Guess:   a weighted kappa forgives small differences: a judge that is off by one point four times agrees better than
#          one that gave a 9 for a 2 once. The packages print about the same numbers, for they have the same formulas.
# Reality: in scikit-learn and statsmodels a distance is not that of two scores but of their places among the scores
#          that occur. Of 1, 2, 9 and 10, each is one step from the next: 9 for 2 is a slip as small as 10 for 9. So the
#          judge of the four small slips has 0.80 and the other 0.95; nltk, irrCAC and krippendorff say 0.98 or 0.99 and
#          0.81 or 0.82: the better judge is another one. With linear weights as well; krippendorff's ordinal level
#          takes scikit-learn's side. And the scale is made of the data: one more item, scored 5 by everybody, brings
#          the two judges of scikit-learn level at 0.90, and six items with the scores between turn their order round.
#          The words poor, good and excellent are put in the order of the alphabet: excellent, good, poor is as good as
#          any, but low, mid and high become high, low, mid, and a high for a low costs less than a high for a mid.
# Seen with scikit-learn 1.9.1, statsmodels 0.15.0, nltk 3.10.4, krippendorff 0.9.0, irrCAC 0.4.4: the rows printed
#          below.
# So:      scores of 0 to 100 in a small sample, of which few values occur, are the usual case for a judge. Pass the
#          whole scale: cohen_kappa_score(a, b, weights="quadratic", labels=range(1, 11)) gives 0.98 and 0.81 too; for
#          words pass numbers.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check scikit-learn==1.9.1 statsmodels==0.15.0 nltk==3.10.4 krippendorff==0.9.0 irrCAC==0.4.4
cat >check.py <<'PY'
import sys
import krippendorff
import pandas as pd
from irrCAC.raw import CAC
from nltk.metrics.agreement import AnnotationTask
from nltk.metrics.distance import interval_distance
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

PERSON = [1, 1, 2, 2, 9, 9, 10, 10]
SLIPS = [2, 1, 1, 2, 10, 9, 9, 10]
BLUNDER = [1, 1, 2, 9, 9, 9, 10, 10]

def in_statsmodels(a, b):
    scale = sorted({*a, *b})
    table = [[sum(pair == (row, column) for pair in zip(a, b)) for column in scale] for row in scale]
    return cohens_kappa(table, wt="quadratic").kappa

def in_nltk(a, b):
    rows = [(judge, item, score) for judge, scores in enumerate((a, b)) for item, score in enumerate(scores)]
    return AnnotationTask(rows, distance=interval_distance).weighted_kappa()

MEASURES = {
    "scikit-learn, quadratic": lambda a, b: cohen_kappa_score(a, b, weights="quadratic"),
    "scikit-learn, linear": lambda a, b: cohen_kappa_score(a, b, weights="linear"),
    "scikit-learn, quadratic, labels 1 to 10": lambda a, b: cohen_kappa_score(a, b, weights="quadratic", labels=range(1, 11)),
    "statsmodels, quadratic": in_statsmodels,
    "nltk, weighted, interval": in_nltk,
    "irrCAC, quadratic": lambda a, b: CAC(pd.DataFrame({"a": a, "b": b}), weights="quadratic").conger()["est"]["coefficient_value"],
    "krippendorff, interval (default)": lambda a, b: krippendorff.alpha([a, b]),
    "krippendorff, ordinal": lambda a, b: krippendorff.alpha([a, b], level_of_measurement="ordinal"),
}

def judged(measure, *more):
    pair = (measure([*PERSON, *more], [*judge, *more]) for judge in (SLIPS, BLUNDER))
    return " ".join(f"{value:.2f}" for value in pair)

def of_words(person, judge):
    return f"{cohen_kappa_score(person.split(), judge.split(), weights='quadratic'):.2f}"

seen = {name: judged(measure) for name, measure in MEASURES.items()}
first = MEASURES["scikit-learn, quadratic"]
seen["scikit-learn, quadratic, and a 5"] = judged(first, 5)
seen["scikit-learn, quadratic, and 3 to 8"] = judged(first, *range(3, 9))
seen["nltk, and a 5"] = judged(in_nltk, 5)
WORDS = "low low mid mid high high"
seen["words, high for a low"] = of_words(WORDS, "high low mid mid high high")
seen["words, high for a mid"] = of_words(WORDS, "low low high mid high high")
by_place, by_score = "0.80 0.95", "0.98 0.81"
expected = dict(zip(seen, [
    by_place, "0.60 0.90", by_score, by_place, by_score, by_score, "0.99 0.82", "0.81 0.95",
    "0.90 0.90", "0.99 0.83", by_score, "0.89", "0.50",
]))
print(f"  {'':42}four slips, one blunder")
for name, value in seen.items():
    print(f"  {name:42}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
