#!/bin/sh
# The probability that llama.cpp reports for a word under a grammar.
#
# Guess:   with a grammar of two words, post_sampling_probs are shares among what the grammar allows, and the same for
#          each seed: only the drawn word changes. That plain logprobs are from before the bias was suspected.
# Reality: the grammar is asked only about the word that was drawn. If it fits, the list is that from before the
#          grammar, with words in it that the grammar forbids; if not, words are drawn again and the list is another.
#          So "beta" has 24 % or 73 % by the seed alone, and at temperature 0 it has 100 %. Plain logprobs see neither
#          the grammar nor logit_bias: the word that a bias made the only one is reported as 24 %, below one that was
#          banned.
# Seen with xllamacpp 2026.10.11549 (llama.cpp) and a model made here, for which in any place alpha is e times as
#          likely as beta and beta e times as likely as gamma, as counted over 40 seeds, temperature 1:
#          beta   0.24  beside alpha, beta, gamma     beta   0.73  beside beta, gamma
#          gamma  0.09  beside alpha, beta, gamma     gamma  0.27  beside beta, gamma
# So:      a classifier that asks for one of some labels under a grammar gets no confidence from these numbers, and a
#          threshold of 0.5 decides by the seed. Take the logprobs of all labels from one answer (ask for enough of
#          them) and divide by their sum; do that for logit_bias too.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check xllamacpp==2026.10.11549 gguf==0.19.0 numpy==2.3.5
cat >model.py <<'PY'
import math
import gguf, numpy

WIDTH, START = 32, 259
WORDS = {"alpha": 3.0, "beta": 2.0, "gamma": 1.0}

def write(path):
    """A model of one layer that does nothing: after any text a word has the logit given above, a byte -20."""
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)] + list(WORDS)
    kinds = [2, 3, 3] + [6] * 256 + [4] * len(WORDS)
    out = numpy.full((len(tokens), WIDTH), -20 / WIDTH, numpy.float32)
    for place, logit in enumerate(WORDS.values(), START):
        out[place] = logit / WIDTH
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(WIDTH)
    writer.add_head_count(1)
    writer.add_head_count_kv(1)
    writer.add_rope_dimension_count(WIDTH)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    ones, zeros = numpy.ones(WIDTH, numpy.float32), numpy.zeros((WIDTH, WIDTH), numpy.float32)
    writer.add_tensor("token_embd.weight", numpy.ones((len(tokens), WIDTH), numpy.float32))
    writer.add_tensor("output_norm.weight", ones)
    writer.add_tensor("output.weight", out)
    for name in ("attn_norm", "ffn_norm"):
        writer.add_tensor(f"blk.0.{name}.weight", ones)
    for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
        writer.add_tensor(f"blk.0.{name}.weight", zeros)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
PY
cat >check.py <<'PY'
import collections, json, math, sys

import xllamacpp
import model

model.write("words.gguf")
options = xllamacpp.CommonParams()
options.model.path = "words.gguf"
options.n_ctx = 512
options.verbosity = -1
options.cpuparams.n_threads = 1
server = xllamacpp.Server(options)
GRAMMAR = 'root ::= "beta" | "gamma"'

def answer(**asked):
    got = server.handle_completions({"prompt": "Which?", "max_tokens": 1, "logprobs": 3, **asked})
    got = json.loads(got) if isinstance(got, str) else got
    first = got["choices"][0]["logprobs"]["content"][0]
    value = first["prob"] if "prob" in first else math.exp(first["logprob"])
    beside = first.get("top_probs") or first.get("top_logprobs")
    return first["token"], f"{value:.2f}", " ".join(sorted(one["token"] for one in beside))

counted = collections.Counter(
    answer(grammar=GRAMMAR, temperature=1, seed=seed, post_sampling_probs=True) for seed in range(40)
)
print("  under the grammar, by seeds:")
for (token, value, beside), times in sorted(counted.items()):
    print(f"    {token:6}{value}  beside {beside:20}{times} times")
single = {
    "grammar, temperature 0, post_sampling_probs": answer(grammar=GRAMMAR, temperature=0, post_sampling_probs=True),
    "grammar, temperature 0, logprobs": answer(grammar=GRAMMAR, temperature=0),
    "bias -100 on alpha and gamma, logprobs": answer(logit_bias={"alpha": -100, "gamma": -100}, temperature=0),
}
for name, row in single.items():
    print(f"  {name:45}{row[0]:6}{row[1]}  beside {row[2]}")
expected = {
    ("beta", "0.24", "alpha beta gamma"), ("beta", "0.73", "beta gamma"),
    ("gamma", "0.09", "alpha beta gamma"), ("gamma", "0.27", "beta gamma"),
}
if set(counted) != expected:
    sys.exit(f"CHANGED: under the grammar: was {sorted(expected)}, is {sorted(counted)}")
rows = [("beta", "1.00", "beta"), ("beta", "0.24", "alpha beta gamma"), ("beta", "0.24", "alpha beta gamma")]
for (name, now), then in zip(single.items(), rows):
    if now != then:
        sys.exit(f"CHANGED: {name}: was {then}, is {now}")
print("as found")
PY
venv/bin/python check.py
