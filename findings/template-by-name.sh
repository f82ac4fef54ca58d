#!/bin/sh
# The chat formats that llama-cpp-python has by name, and takes by itself for models whose template it knows.
#
# Guess:   (before running) a format named after a model writes what the model's own template writes: each message,
#          in order. What it cannot write, such as a tool's result, is an error.
# Reality: it leaves out what it has no place for, without an error. Of 22 formats none writes the result of a tool,
#          or a user's text sent as [{"type": "text", ...}], as many clients send it: the prompt then has an empty turn
#          of the user, or none. Six leave out the system prompt, mistral-instruct, gemma and openbuddy among them;
#          open-orca leaves out the question too, and says only a long system prompt of its own. And a name need not be
#          asked for: a file with the template of Mistral 7B, Mixtral, Llama 3 or ChatML is recognised, and its own
#          template, which refuses a system prompt with an error, is replaced by the format that drops it.
# Seen with llama-cpp-python 0.3.36 (its formats alone, from the source archive, without the compiled library),
#          jinja2 3.1.6: the rows printed below.
# So:      pass a template, not a name: Jinja2ChatFormatter of the file's own one, as a chat_handler, also where the
#          model would be recognised. Or send plain strings only, and look once at the prompt for the last user's words
#          and for the system prompt's: a model that was asked nothing answers all the same.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check jinja2==3.1.6 numpy==2.4.6 typing_extensions==4.16.0
venv/bin/pip download -q --disable-pip-version-check --no-deps --no-binary llama-cpp-python llama-cpp-python==0.3.36
tar xzf llama_cpp_python-0.3.36.tar.gz
cat >check.py <<'PY'
import inspect, logging, sys, types

class Compiled(types.ModuleType):  # stands for the modules that load the compiled library: formats do not use it
    logger = logging.getLogger("llama-cpp-python")

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})

package = types.ModuleType("llama_cpp")
package.__path__ = ["llama_cpp_python-0.3.36/llama_cpp"]
sys.modules["llama_cpp"] = package
for name in ("llama_cpp", "llama", "_logger"):
    module = sys.modules["llama_cpp." + name] = Compiled("llama_cpp." + name)
    setattr(package, name, module)
import llama_cpp.llama_chat_format as formats

MESSAGES = {
    "system": {"role": "system", "content": "SYSTEM"},
    "question": {"role": "user", "content": "QUESTION"},
    "call": {"role": "assistant", "content": None, "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Kiel"}'}}]},
    "result": {"role": "tool", "tool_call_id": "c1", "content": "RESULT"},
    "answer": {"role": "assistant", "content": "ANSWER"},
    "parts": {"role": "user", "content": [{"type": "text", "text": "PARTS"}]},
}
WORDS = dict(system="SYSTEM", question="QUESTION", call="Kiel", result="RESULT", answer="ANSWER", parts="PARTS")
functions = inspect.getmembers(formats, inspect.isfunction)
named = {name[7:]: function for name, function in functions if name.startswith("format_")}
lost = {}
for name, function in named.items():
    prompt = function(messages=list(MESSAGES.values())).prompt
    lost[name] = [part for part, word in WORDS.items() if word not in prompt]
    print(f"  {name:20}leaves out {', '.join(lost[name])}")
seen = {"formats": len(named)}
for part in WORDS:
    seen["leave out " + part] = sum(part in parts for parts in lost.values())
seen["llama3, parts only"] = named["llama3"](messages=[MESSAGES["parts"]]).prompt

def own_template(template, messages):
    try:
        formatter = formats.Jinja2ChatFormatter(template=template, eos_token="</s>", bos_token="<s>")
        return formatter(messages=messages).prompt
    except Exception as error:
        return type(error).__name__

template = formats.MISTRAL_INSTRUCT_CHAT_TEMPLATE
metadata = {"tokenizer.chat_template": template}
seen["Mistral's template is taken as"] = formats.guess_chat_format_from_gguf_metadata(metadata)
two = [MESSAGES["system"], MESSAGES["question"]]
seen["the template, with a system prompt"] = own_template(template, two)
seen["the format of that name"] = named["mistral_instruct"](messages=two).prompt
expected = {
    "formats": 22,
    "leave out system": 6,
    "leave out question": 1,
    "leave out call": 22,
    "leave out result": 22,
    "leave out answer": 2,
    "leave out parts": 22,
    "llama3, parts only": "<|start_header_id|>user<|end_header_id|>\n\n"
    "<|start_header_id|>assistant<|end_header_id|>\n\n",
    "Mistral's template is taken as": "mistral-instruct",
    "the template, with a system prompt": "ValueError",
    "the format of that name": "[INST] QUESTION [/INST]",
}
for name, value in seen.items():
    print(f"  {name:36}{value!r}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
