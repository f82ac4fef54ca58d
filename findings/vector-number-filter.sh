#!/bin/sh
# Numbers in the fields of a vector store: what a filter finds in Chroma and Qdrant, and what LanceDB keeps.
#
# Guess:   a filter compares numbers as numbers: whether a price was stored as 3 or as 3.0 makes no difference, and a
#          price of 2 is below 2.9. About what LanceDB stores there was no guess: it turned up among the trials.
# Reality: Chroma: {"price": {"$lt": 2.9}} does not find the price 2, though {"$lt": 3} does, and {"$gte": 2.9} finds
#          it. For prices stored as whole numbers the fraction of the bound is cut off, so "below 2.9" is "below 2".
#          {"$eq": 2.9} finds 2. For stored floats the bound is what it says.
#          Qdrant in memory: match 3 does not find 3.0, and "must not match 3" lets it through. Its ranges find both.
#          LanceDB takes the type of a column from the first rows. A table that began with the price 3 stores 2.5 as
#          2; in one batch, 3 and 2.5 make a column of floats, and nothing is lost. No store says a word.
# Seen with chromadb 1.5.9, qdrant-client 1.20.0, lancedb 0.40.0: the rows printed below.
# So:      a JavaScript program writes 2 for 2.00 and a Python program 2.0, so one shop's data has both kinds. Give
#          each field one type and convert before storing: float(price), always, and float bounds for it. Test a
#          filter with a whole number, a fraction and a bound between two of them.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check chromadb==1.5.9 qdrant-client==1.20.0 lancedb==0.40.0
cat >check.py <<'PY'
import sys
import chromadb, lancedb
from qdrant_client import QdrantClient, models

PRICES = [2, 2.5, 3, 3.0]
VECTOR = [0.0, 1.0]

chroma = chromadb.EphemeralClient(settings=chromadb.Settings(anonymized_telemetry=False)).create_collection("prices")
chroma.add(ids=[repr(p) for p in PRICES], embeddings=[VECTOR] * 4, metadatas=[{"price": p} for p in PRICES])

qdrant = QdrantClient(":memory:")
qdrant.create_collection("prices", vectors_config=models.VectorParams(size=2, distance=models.Distance.COSINE))
qdrant.upsert("prices", [models.PointStruct(id=i, vector=VECTOR, payload={"price": p}) for i, p in enumerate(PRICES)])

lance = lancedb.connect("lance")

def in_chroma(**condition):
    where = {"price": {f"${name}": bound for name, bound in condition.items()}}
    return " ".join(sorted(chroma.get(where=where)["ids"]))

def in_qdrant(condition, place="must"):
    found, _ = qdrant.scroll("prices", scroll_filter=models.Filter(**{place: [condition]}))
    return " ".join(sorted(repr(point.payload["price"]) for point in found))

def in_lance(*batches):
    table = None
    for batch in batches:
        rows = [{"vector": VECTOR, "price": price} for price in batch]
        if table is None:
            table = lance.create_table("prices", rows, mode="overwrite")
        else:
            table.add(rows)
    return " ".join(repr(row["price"]) for row in table.to_arrow().to_pylist())

match = models.FieldCondition(key="price", match=models.MatchValue(value=3))
below = models.FieldCondition(key="price", range=models.Range(lt=2.9))
seen = {
    "Chroma, below 3": in_chroma(lt=3),
    "Chroma, below 2.9": in_chroma(lt=2.9),
    "Chroma, above 2.9": in_chroma(gt=2.9),
    "Chroma, at least 2.9": in_chroma(gte=2.9),
    "Chroma, equal to 2.9": in_chroma(eq=2.9),
    "Chroma, equal to 3": in_chroma(eq=3),
    "Qdrant, below 2.9": in_qdrant(below),
    "Qdrant, equal to 3": in_qdrant(match),
    "Qdrant, not equal to 3": in_qdrant(match, "must_not"),
    "LanceDB, 3 and 2.5 at once": in_lance([3, 2.5]),
    "LanceDB, 3, then 2.5": in_lance([3], [2.5]),
    "LanceDB, 3, then -2.7": in_lance([3], [-2.7]),
}
expected = {
    "Chroma, below 3": "2 2.5",
    "Chroma, below 2.9": "2.5",
    "Chroma, above 2.9": "3 3.0",
    "Chroma, at least 2.9": "2 3 3.0",
    "Chroma, equal to 2.9": "2",
    "Chroma, equal to 3": "3 3.0",
    "Qdrant, below 2.9": "2 2.5",
    "Qdrant, equal to 3": "3",
    "Qdrant, not equal to 3": "2 2.5 3.0",
    "LanceDB, 3 and 2.5 at once": "3.0 2.5",
    "LanceDB, 3, then 2.5": "3 2",
    "LanceDB, 3, then -2.7": "3 -2",
}
print(f"  stored: {' '.join(map(repr, PRICES))}")
for name, value in seen.items():
    print(f"  {name:28}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
LANCE_LOG=error venv/bin/python check.py
