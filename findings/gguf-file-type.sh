#!/bin/sh
# What is inside a GGUF file called Q3_K_S.
#
# Guess:   a file named Q3_K_S, whose header says general.file_type = MOSTLY_Q3_K_S, is mostly Q3_K: some 3.5 bits
#          a weight.
# Reality: of the 101 tensors of all-MiniLM-L6-v2.Q3_K_S.gguf 6 are Q3_K, 8 % of the bytes. The file spends 6.55
#          bits a weight, nearly twice what its name says. K-quants need rows of a multiple of 256; this model is 384
#          wide, so every other matrix fell back to IQ4_NL, and the word table, two thirds of the file, is Q8_0.
#          Nothing in the header tells: name and file_type record what was asked of the quantizer.
# Seen with gguf 0.19.0 and the model in embcli-llamacpp 0.1.0: the rows printed below.
# So:      narrow models (384, 576, 896 wide: many small chat and embedding models) do not come in the quant
#          that is on the label. Read the tensors' types before promising memory, speed or quality, count bits as
#          bytes * 8 / weights, and compare such files by size, not by name.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check gguf==0.19.0
venv/bin/pip download -q --disable-pip-version-check --no-deps --no-binary embcli-llamacpp embcli-llamacpp==0.1.0
tar xzf embcli_llamacpp-0.1.0.tar.gz
cat >check.py <<'PY'
import collections, pathlib, sys
from gguf import GGUFReader, LlamaFileType

(path,) = pathlib.Path(".").rglob("*.gguf")
reader = GGUFReader(path)
sizes, counts = collections.Counter(), collections.Counter()
for tensor in reader.tensors:
    sizes[tensor.tensor_type.name] += int(tensor.n_bytes)
    counts[tensor.tensor_type.name] += 1
total = sum(sizes.values())
seen = {
    "name": path.name,
    "general.file_type": LlamaFileType(reader.get_field("general.file_type").contents()).name,
    "width": reader.get_field("bert.embedding_length").contents(),
    "tensors": len(reader.tensors),
    "Q3_K tensors": counts["Q3_K"],
    "percent of the bytes": " ".join(f"{kind} {100 * size / total:.0f}" for kind, size in sizes.most_common()),
    "bits a weight": round(8 * total / sum(int(tensor.n_elements) for tensor in reader.tensors), 2),
}
expected = {
    "name": "all-MiniLM-L6-v2.Q3_K_S.gguf",
    "general.file_type": "MOSTLY_Q3_K_S",
    "width": 384,
    "tensors": 101,
    "Q3_K tensors": 6,
    "percent of the bytes": "Q8_0 67 IQ4_NL 22 Q3_K 8 F16 2 F32 1",
    "bits a weight": 6.55,
}
for name, value in seen.items():
    print(f"  {name:22}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
