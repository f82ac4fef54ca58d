#!/bin/sh
# What a tool answered, as Mistral's own tokenizers show it to the model.
#
# Guess:   the arguments of an earlier call, which come as a text, stay as the model wrote them. A tool's answer was
#          not guessed about: it is a text, too, and turned up among what was tried.
# Reality: version 3 (SentencePiece and Tekken) reads every answer as JSON, if it can, and writes it anew. A version
#          1.10 becomes 1.1, a short commit id 4512e03 becomes 4512000.0 and 12e4567 Infinity, "quoted" loses its
#          quotes, of two equal names the last stays. 007 and 1.10.0 remain texts. Version 7 shows the answer as it
#          is, but in all of them the arguments of a call are read and written anew: 1.10 is 1.1, 1e3 is 1000.0.
# Seen with mistral-common 1.13.1 and the tokenizers in it: the rows printed below.
# So:      with a model of version 3 wrap what a tool says: {"text": "1.10"} arrives as it is. A tool that answers a
#          model of version 7 rightly gives another number to one of version 3, so test an id of digits with one e,
#          and an amount with a last zero, with the tokenizer of the model that is used.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check mistral-common==1.13.1 sentencepiece==0.2.3
cat >check.py <<'PY'
import sys
from mistral_common.protocol.instruct.messages import AssistantMessage, ToolMessage, UserMessage
from mistral_common.protocol.instruct.request import ChatCompletionRequest
from mistral_common.protocol.instruct.tool_calls import FunctionCall, ToolCall
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

TOKENIZERS = {
    "v3": MistralTokenizer.v3(),
    "v3 Tekken": MistralTokenizer.v3(is_tekken=True),
    "v7": MistralTokenizer.v7(),
}
# Answer of the tool -> what the model reads in version 3; in version 7 it reads the answer.
ANSWERS = {
    "1.10": "1.1",
    "1.10.0": '"1.10.0"',
    "4512e03": "4512000.0",
    "12e4567": "Infinity",
    "007": '"007"',
    '"quoted"': '"quoted"',
    "quoted": '"quoted"',
    "null": "null",
    '{"id": 1, "id": 2}': '{"id": 2}',
    "[12.50, 1e3]": "[12.5, 1000.0]",
    '{"text": "1.10"}': '{"text": "1.10"}',
}
WRITTEN, REWRITTEN = '{"version": 1.10, "rows": 1e3}', '{"version": 1.1, "rows": 1000.0}'

def shown(tokenizer, answer):
    """The answer and the arguments of the call, as they stand among the tokens."""
    call = ToolCall(id="abcdefghi", function=FunctionCall(name="look", arguments=WRITTEN))
    messages = [
        UserMessage(content="Which?"),
        AssistantMessage(content=None, tool_calls=[call]),
        ToolMessage(content=answer, tool_call_id="abcdefghi", name="look"),
    ]
    text = tokenizer.encode_chat_completion(ChatCompletionRequest(messages=messages)).text.replace("▁", " ")
    calls, result = text.split("[TOOL_RESULTS]")
    arguments = calls[calls.index('{"version"'):].split("}")[0] + "}"
    result = result.removesuffix("[/TOOL_RESULTS]").strip()
    if "[TOOL_CONTENT]" in result:
        return result.split("[TOOL_CONTENT]")[1].strip(), arguments
    return result.removeprefix('{"content": ').removesuffix(', "call_id": "abcdefghi"}'), arguments

print(f"  {'':21}" + "".join(f"{name:21}" for name in TOKENIZERS))
changed = []
for answer, third in ANSWERS.items():
    rows = [shown(tokenizer, answer) for tokenizer in TOKENIZERS.values()]
    print(f"  {answer:21}" + "".join(f"{row[0]:21}" for row in rows))
    expected = [(third, REWRITTEN), (third, REWRITTEN), (answer, REWRITTEN)]
    if rows != expected:
        changed.append(f"CHANGED: {answer}: was {expected}, is {rows}")
print(f"  arguments {WRITTEN} are {REWRITTEN} in all three")
if changed:
    sys.exit("\n".join(changed))
print("as found")
PY
venv/bin/python check.py
