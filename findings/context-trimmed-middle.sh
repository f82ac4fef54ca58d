#!/bin/sh
# A conversation cut to a number of tokens: LiteLLM's trim_messages beside LangChain's.
#
# Guess:   the oldest messages go, whole. Where one message alone is too long its end goes, at a word, or the whole
#          message, as in LangChain. What comes back fits, and a tool's answer stays beside its call.
# Reality: LiteLLM cuts the last message in its middle, in the middle of words, and puts two points there. Of "Delete
#          the drafts ... above all do not delete the signed contracts of the new team in June" it makes, without an
#          error, "Delete the drafts that were written in M..igned contracts of the new team in June." LangChain drops
#          the question. Where a call of a tool (content None) would have to be cut, nothing is: the whole conversation
#          comes back, above the limit, after a line in the log; the same with content that is a list of parts. An
#          answer of a tool at the end is never cut. With a question after it the call is dropped and the answer kept: a
#          server refuses such a conversation, or a model reads an answer to nothing.
# Seen with litellm 1.110.2, langchain-core 1.8.3: the rows printed below.
# So:      count what came back, and refuse a question that does not fit rather than shorten it. Drop a call together
#          with its answers. max_tokens is not the limit either: a quarter of it is kept free (trim_ratio 0.75).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check litellm==1.110.2 langchain-core==1.8.3
cat >check.py <<'PY'
import os, sys
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import logging
import litellm
from langchain_core.messages import convert_to_openai_messages, trim_messages
logging.disable(logging.CRITICAL)

MODEL = "gpt-4o"
SYSTEM = {"role": "system", "content": "You keep the office's files."}
OLD = {"role": "user", "content": "Where is the folder? " * 10}
QUESTION = {"role": "user", "content": (
    "Delete the drafts that were written in May by the old team. Keep everything else as it is, and above all "
    "do not delete the signed contracts of the new team in June."
)}

def call(words):
    function = {"name": "find", "arguments": f'{{"words": "{words}"}}'}
    return {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "type": "function", "function": function}]}

CALL, LONG = call("contract"), call("contract, June, signed; " * 20)
FOUND = {"role": "tool", "tool_call_id": "c1", "content": "contract, June, signed; " * 20}
PARTS = {"role": "user", "content": [{"type": "text", "text": QUESTION["content"]}]}

def tokens(messages):
    return litellm.token_counter(model=MODEL, messages=messages)

def by_litellm(limit, *messages):
    return litellm.utils.trim_messages(list(messages), model=MODEL, max_tokens=limit)

def by_langchain(limit, *messages):
    count = lambda some: tokens(convert_to_openai_messages(some))
    return convert_to_openai_messages(trim_messages(list(messages), max_tokens=limit, token_counter=count, include_system=True))

def shape(messages):
    return " ".join(message["role"] for message in messages)

def fits(limit, messages):
    return f"{shape(messages)}: {'fits' if tokens(messages) <= limit else 'does not fit'}"

seen = {
    "LiteLLM, 46 tokens": by_litellm(46, SYSTEM, OLD, QUESTION)[-1]["content"],
    "LiteLLM, 42 tokens": by_litellm(42, SYSTEM, OLD, QUESTION)[-1]["content"],
    "LiteLLM, 30 tokens": by_litellm(30, SYSTEM, OLD, QUESTION)[-1]["content"],
    "LangChain, 46 tokens": shape(by_langchain(46, SYSTEM, OLD, QUESTION)),
    "LiteLLM, call and answer, 60 tokens": fits(60, by_litellm(60, SYSTEM, OLD, CALL, FOUND)),
    "LiteLLM, call, answer, question, 190 tokens": fits(190, by_litellm(190, SYSTEM, OLD, CALL, FOUND, QUESTION)),
    "LiteLLM, long call, answer, question, 300 tokens": fits(300, by_litellm(300, SYSTEM, OLD, LONG, FOUND, QUESTION)),
    "LiteLLM, question in parts, 42 tokens": fits(42, by_litellm(42, SYSTEM, OLD, PARTS)),
}
expected = dict(zip(seen, [
    "Delete the drafts that were written in May by the ..lete the signed contracts of the new team in June.",
    "Delete the drafts that were written in M..igned contracts of the new team in June.",
    "Delete th.. in June.",
    "system",
    "system user assistant tool: does not fit",
    "system tool user: fits",
    "system user assistant tool user: does not fit",
    "system user user: does not fit",
]))
for name, value in seen.items():
    print(f"  {name}\n      {value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python -W ignore check.py
