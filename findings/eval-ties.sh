#!/bin/sh
# Equal scores in a search that is evaluated: two measures of one call of ir_measures.
#
# Guess:   where two results have the same score, all measures of one call see them in one order: that of the file's
#          column of ranks, or as they were given. Scores are compared as the doubles that they are.
# Reality: two orders in one call. RR, P, AP, R and nDCG come from trec_eval's code (pytrec_eval), which puts equal
#          scores by descending name; RR@10 comes from the code of MS MARCO, fed by ascending name. So RR@10 can
#          be 1 where RR is 0.5, which no list of results can do, and P@1 can be 1 where RR@10 is 0.5. Neither the rank
#          that a run file states nor the order of its lines counts: a file and its reverse get the same values.
#          And trec_eval keeps scores in single precision: where the score is a Unix time (newest first), one second
#          later is a tie for P@1 and none for RR@10. The two best of a reciprocal rank fusion of two searches, each
#          first in one of them and second in the other, are always such a tie.
# Seen with ir-measures 0.4.3, pytrec-eval-terrier 0.5.11: the rows printed below.
# So:      names of documents decide. Pages named by date or by number, of which the later ones are right, score as if
#          the search had ranked them, in one measure up and in the other down. Before an evaluation replace each score
#          by minus its place in the list that a user sees, and rescale scores that are large and close together.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check ir-measures==0.4.3 pytrec-eval-terrier==0.5.11
cat >check.py <<'PY'
import sys
import ir_measures
from ir_measures import AP, P, RR, nDCG

def measured(right, run):
    values = ir_measures.calc_aggregate([P@1, RR, RR@10, AP, nDCG@10], {"question": {right: 1}}, run)
    return " ".join(f"{measure} {values[measure]:.2f}" for measure in (P@1, RR, RR@10, AP, nDCG@10))

def file(*lines):
    with open("results.run", "w") as run:
        run.writelines(f"question Q0 {line} search\n" for line in lines)
    return list(ir_measures.read_trec_run("results.run"))

def fused(*searches):
    scores = {}
    for search in searches:
        for rank, name in enumerate(search, 1):
            scores[name] = scores.get(name, 0) + 1 / (60 + rank)
    return {"question": scores}

NOON = 1764504000.0
seen = {
    "both 0.5, file says a is first, a is right": measured("a", file("a 1 0.5", "b 2 0.5")),
    "both 0.5, file says b is first, a is right": measured("a", file("b 1 0.5", "a 2 0.5")),
    "both 0.5, file says b is first, b is right": measured("b", file("b 1 0.5", "a 2 0.5")),
    "fused from a b and b a, a is right": measured("a", fused(["a", "b"], ["b", "a"])),
    "a one second after b, a is right": measured("a", {"question": {"a": NOON + 1, "b": NOON}}),
    "b one second after a, a is right": measured("a", {"question": {"a": NOON, "b": NOON + 1}}),
    "a ten minutes after b, a is right": measured("a", {"question": {"a": NOON + 600, "b": NOON}}),
    "places instead of scores, a first, a is right": measured("a", {"question": {"a": -1, "b": -2}}),
}
a_right = "P@1 0.00 RR 0.50 RR@10 1.00 AP 0.50 nDCG@10 0.63"
first = "P@1 1.00 RR 1.00 RR@10 1.00 AP 1.00 nDCG@10 1.00"
expected = dict(zip(seen, [
    a_right, a_right, "P@1 1.00 RR 1.00 RR@10 0.50 AP 1.00 nDCG@10 1.00", a_right, a_right,
    "P@1 0.00 RR 0.50 RR@10 0.50 AP 0.50 nDCG@10 0.63", first, first,
]))
for name, value in seen.items():
    print(f"  {name:47}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
