#!/bin/sh
# A search by words with one hit, joined with a search by vectors: ranx, LanceDB, Haystack and Qdrant's client.
#
# Guess:   vectors find a .82, b .80 and c .79; words find c alone, since only c has the error code that was asked for.
#          c is found by both and is all that words have to say: it is first, whichever method joins the two lists.
# Reality: a list of one hit has no range, so min-max makes 0 of its only score. In ranx, whose default is min-max, c is
#          last with 0.0, below two pages that words did not find; two lists of one hit each, the same page, give 0.0
#          too. In LanceDB's own hybrid search the same: the linear combination puts c third of three, even when words
#          have 95 of 100 parts. One more page that has the word at all, and c has all of the words' share in both.
#          Haystack's distribution-based fusion leaves a lone score as it is: among shares between 0 and 1 a BM25 score
#          of 7.2 is first and one of 0.4 is last, though c was found by both. Qdrant's DBSF, LanceDB's default (RRF)
#          and the RRF of the others put c first.
# Seen with ranx 0.3.21, lancedb 0.40.0, haystack-ai 3.4.1, qdrant-client 1.20.0: the rows printed below.
# So:      an error code, a name or an invoice number has exactly one hit: where words are surest they count nothing.
#          Join by ranks (RRF). Test a hybrid search with a word that stands in one page, not with one that stands in
#          three.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check ranx==0.3.21 lancedb==0.40.0 haystack-ai==3.4.1 qdrant-client==1.20.0
cat >check.py <<'PY'
import os, sys
os.environ.update(HAYSTACK_TELEMETRY_ENABLED="False", LANCEDB_LOG="error", RUST_LOG="error", LANCE_LOG="error")
import lancedb
from haystack import Document
from haystack.components.joiners import DocumentJoiner
from lancedb.index import FTS
from lancedb.rerankers import LinearCombinationReranker, RRFReranker
from qdrant_client import models
from qdrant_client.hybrid.fusion import distribution_based_score_fusion
from ranx import Run, fuse

VECTORS = {"a": 0.82, "b": 0.80, "c": 0.79}
ALONE, WEAK, BESIDE = {"c": 7.2}, {"c": 0.4}, {"c": 7.2, "d": 1.0}

def listed(pairs):
    return " ".join(f"{name} {score:.2f}" for name, score in sorted(pairs, key=lambda pair: -pair[1]))

def in_ranx(method, *lists, **options):
    return listed(fuse([Run({"q": scores}) for scores in lists], method=method, **options)["q"].items())

def in_haystack(mode, *lists):
    documents = [[Document(content=f"page {name}", meta={"name": name}, score=score) for name, score in scores.items()] for scores in lists]
    return listed((one.meta["name"], one.score) for one in DocumentJoiner(join_mode=mode).run(documents)["documents"])

def in_qdrant(*lists):
    points = [[models.ScoredPoint(id=ord(name), version=0, score=score) for name, score in scores.items()] for scores in lists]
    return listed((chr(point.id), point.score) for point in distribution_based_score_fusion(points, limit=4))

PAGES = {"a": "The press stops with a jam.", "b": "Restart the press after a fault.", "c": "E4021 tells of a press without oil."}

def in_lance(reranker, **more):
    near = lambda share: [share, (1 - share * share) ** 0.5]
    rows = [{"name": name, "text": text, "vector": near(VECTORS.get(name, 0.0))} for name, text in {**PAGES, **more}.items()]
    table = lancedb.connect("pages").create_table("pages", rows, mode="overwrite")
    table.create_index("text", config=FTS())
    search = table.search(query_type="hybrid").vector([1.0, 0.0]).text("E4021").distance_type("cosine")
    return listed((row["name"], row["_relevance_score"]) for row in search.rerank(reranker).limit(3).to_list())

OTHER = "A list of all the codes there are, from E4001 to E4021, for the shelf in the hall and not for the press."
seen = {
    "ranx, min-max, sum": in_ranx("sum", VECTORS, ALONE),
    "ranx, min-max, mnz": in_ranx("mnz", VECTORS, ALONE),
    "ranx, c alone in both": in_ranx("sum", {"c": 0.79}, ALONE),
    "ranx, words find d too": in_ranx("sum", VECTORS, BESIDE),
    "ranx, rrf": in_ranx("rrf", VECTORS, ALONE),
    "LanceDB, linear, 70 % vectors (default)": in_lance(LinearCombinationReranker()),
    "LanceDB, linear, 5 % vectors": in_lance(LinearCombinationReranker(weight=0.05)),
    "LanceDB, 5 %, words find d too": in_lance(LinearCombinationReranker(weight=0.05), d=OTHER),
    "LanceDB, rrf": in_lance(RRFReranker()),
    "Haystack, distribution, words 7.2": in_haystack("distribution_based_rank_fusion", VECTORS, ALONE),
    "Haystack, distribution, words 0.4": in_haystack("distribution_based_rank_fusion", VECTORS, WEAK),
    "Haystack, rrf": in_haystack("reciprocal_rank_fusion", VECTORS, ALONE),
    "Qdrant, distribution, words 7.2": in_qdrant(VECTORS, ALONE),
}
by_sum = "a 1.00 b 0.33 c 0.00"
expected = dict(zip(seen, [
    by_sum, by_sum, "c 0.00", "a 1.00 c 1.00 b 0.33 d 0.00", "c 0.03 a 0.02 b 0.02",
    "a 0.70 b 0.23 c 0.00", "a 0.05 b 0.02 c 0.00", "c 0.95 a 0.05 b 0.02", "c 0.03 a 0.02 b 0.02",
    "c 7.20 a 0.72 b 0.46", "a 0.72 b 0.46 c 0.40", "c 0.98 a 0.50 b 0.49", "c 0.85 a 0.68 b 0.46",
]))
for name, value in seen.items():
    print(f"  {name:41}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python -W ignore check.py
