#!/bin/sh
# Who sets the temperature: the program, or the model's file?
#
# Guess:   a GGUF file may recommend how to sample (general.sampling.temp and its kin), and llama.cpp takes that where
#          nothing is said. A value that the program sets wins, in any binding. node-llama-cpp takes what the file says
#          as well, since it runs the same llama.cpp.
# Reality: llama.cpp has a mark for each value that its user set, and setting the value in Python does not set the
#          mark. The file wins over sampling.temp = 0, and a model that is asked to be exact draws; reading the option
#          back still says 0. The temperature of each single request wins, and only the temperature: with top_k 1 in
#          the file a request for temperature 1 has the same answer for each seed. node-llama-cpp never looks at the
#          file.
# Seen with xllamacpp 2026.10.11549, node-llama-cpp 3.22.1 and a model made here, for which alpha is e times as likely
#          as beta and beta e times as likely as gamma; different answers to one question, over 40 seeds:
#          file       program           xllamacpp   node-llama-cpp
#          -          temperature 0     1           1
#          temp 5     temperature 0     3           1
#          temp 0     temperature 1     1           3
#          top_k 1    temperature 1 in the request: 1 in xllamacpp, 3 with top_k 40 beside it
# So:      the same options with another file of the same model can mean other sampling. Say all that matters in each
#          request, or set user_sampling_config (its TEMP bit; then the program's 0 wins), and look at a new file's
#          general.sampling keys before you compare two models.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check xllamacpp==2026.10.11549 gguf==0.19.0 numpy==2.3.5
echo '{"name": "temperature", "version": "1.0.0", "private": true}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts --omit=optional \
    node-llama-cpp@3.22.1 @node-llama-cpp/linux-x64@3.22.1
cat >model.py <<'PY'
import gguf, numpy

WIDTH, START = 32, 259
WORDS = {"alpha": 3.0, "beta": 2.0, "gamma": 1.0}

def write(path, **sampling):
    """A layer that does nothing: after any text a word has the logit given above, a byte -20."""
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)] + list(WORDS)
    kinds = [2, 3, 3] + [6] * 256 + [4] * len(WORDS)
    out = numpy.full((len(tokens), WIDTH), -20 / WIDTH, numpy.float32)
    for place, logit in enumerate(WORDS.values(), START):
        out[place] = logit / WIDTH
    writer = gguf.GGUFWriter(path, "llama")
    for name, value in sampling.items():
        add = writer.add_float32 if isinstance(value, float) else writer.add_int32
        add(f"general.sampling.{name}", value)
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
cat >seeds.mjs <<'JS'
import { getLlama, LlamaCompletion } from "node-llama-cpp";

const [path, temperature] = process.argv.slice(2);
const llama = await getLlama({ gpu: false, build: "never", logLevel: "disabled", maxThreads: 1 });
const model = await llama.loadModel({ modelPath: path });
const context = await model.createContext({ contextSize: 64 });
const words = new Set();
for (let seed = 1; seed <= 40; seed++) {
  const completion = new LlamaCompletion({ contextSequence: context.getSequence(), autoDisposeSequence: true });
  words.add(await completion.generateCompletion("Which?", { maxTokens: 1, seed, temperature: Number(temperature) }));
  completion.dispose();
}
console.log(words.size);
process.exit(0);
JS
cat >seeds.py <<'PY'
import json, os, sys

import xllamacpp

path, program, request = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
options = xllamacpp.CommonParams()
options.model.path = path
options.n_ctx = 512
options.n_parallel = 1
options.verbosity = -1
options.cpuparams.n_threads = 1
for name, value in program.items():
    setattr(options.sampling, name, value)
server = xllamacpp.Server(options)
words = set()
for seed in range(40):
    got = server.handle_completions({"prompt": "Which?", "max_tokens": 1, "seed": seed, **request})
    words.add((json.loads(got) if isinstance(got, str) else got)["choices"][0]["text"])
print(len(words), flush=True)
os._exit(0)    # Taking the server down is not what is asked here.
PY
cat >check.py <<'PY'
import json, subprocess, sys

import xllamacpp
import model

TEMP = int(xllamacpp.common_params_sampling_config.COMMON_PARAMS_SAMPLING_CONFIG_TEMP)

def said(*command):
    return int(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout)

# What the file, the program and the request say -> different answers in Python, in JavaScript.
CASES = [
    ({}, {"temp": 0.0}, {}, 1, 1),
    ({}, {"temp": 1.0}, {}, 3, 3),
    ({"temp": 5.0}, {"temp": 0.0}, {}, 3, 1),
    ({"temp": 0.0}, {"temp": 1.0}, {}, 1, 3),
    ({"temp": 5.0}, {"temp": 0.0, "user_sampling_config": TEMP}, {}, 1, None),
    ({"temp": 5.0}, {}, {"temperature": 0}, 1, None),
    ({"top_k": 1}, {}, {"temperature": 1}, 1, None),
    ({"top_k": 1}, {}, {"temperature": 1, "top_k": 40}, 3, None),
]
print(f"  {'file':15}{'program':45}{'request':34}xllamacpp  node-llama-cpp")
changed = []
for file, program, request, *then in CASES:
    model.write("words.gguf", **file)
    now = [said(sys.executable, "seeds.py", "words.gguf", json.dumps(program), json.dumps(request)), None]
    if then[1] is not None:
        now[1] = said("node", "seeds.mjs", "words.gguf", str(program["temp"]))
    print(f"  {file!s:15}{program!s:45}{request!s:34}{now[0]:<11}{'' if now[1] is None else now[1]}", flush=True)
    if now != then:
        changed.append(f"{file}, {program}, {request}: was {then}, is {now}")
if changed:
    sys.exit(f"CHANGED: {changed[0]}")
print("as found")
PY
venv/bin/python check.py
