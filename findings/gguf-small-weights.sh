#!/bin/sh
# Small weights in Q8_0 and in Q4_0.
#
# Guess:   a quantized block carries its own scale, so the size of the weights does not matter: Q8_0 is within
#          1 % at any size, and always closer than Q4_0, which has half the bits.
# Reality: the scale is a 16-bit float, and Q8_0 divides by 127 before it is rounded, Q4_0 only by 8. So Q8_0 runs
#          into the coarse end of that format first: at weights of 1e-4 its error has doubled, at 1e-5 it is 10 %, worse
#          than Q4_0, and at 1e-6 the scale is zero and nearly all weights are gone, of which Q4_0 keeps
#          90 %. BF16, no wider than F16, does not notice.
# Seen with gguf 0.19.0 (numpy 2.3.5): the error in percent of the weights' length, of normally distributed weights
#          of this size:
#          size      BF16    F16     Q8_0    Q4_0
#          1         0.2     0.0     0.5     8.6
#          1e-04     0.2     0.0     1.1     8.6
#          1e-05     0.2     0.2     10.1    8.6
#          1e-06     0.2     1.7     99.9    10.5
# So:      whole models are seldom so small, but differences are: adapters early in their training, or what is left
#          between two checkpoints. Look at the largest weight of each block before asking for Q8_0, and keep
#          such a tensor in BF16. Nothing warns: the file is valid, and the adapter does nothing.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check gguf==0.19.0 numpy==2.3.5
cat >check.py <<'PY'
import sys

import numpy
from gguf import GGMLQuantizationType as Kind
from gguf.quants import dequantize, quantize

KINDS = [Kind.BF16, Kind.F16, Kind.Q8_0, Kind.Q4_0]
weights = numpy.random.default_rng(1).standard_normal((64, 256)).astype(numpy.float32)

def percent(size, kind):
    original = weights * numpy.float32(size)
    back = dequantize(quantize(original, kind), kind)
    return f"{100 * numpy.linalg.norm(back - original) / numpy.linalg.norm(original):.1f}"

expected = {
    1: ["0.2", "0.0", "0.5", "8.6"],
    1e-4: ["0.2", "0.0", "1.1", "8.6"],
    1e-5: ["0.2", "0.2", "10.1", "8.6"],
    1e-6: ["0.2", "1.7", "99.9", "10.5"],
}
seen = {size: [percent(size, kind) for kind in KINDS] for size in expected}
print("  size      " + "".join(f"{kind.name:8}" for kind in KINDS))
for size, row in seen.items():
    print(f"  {size:<10g}" + "".join(f"{value:8}" for value in row))
changed = [size for size in expected if seen[size] != expected[size]]
if changed:
    sys.exit(f"CHANGED: {changed[0]:g}: was {expected[changed[0]]}, is {seen[changed[0]]}")
print("as found")
PY
venv/bin/python check.py
