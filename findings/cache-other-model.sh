#!/bin/sh
# What two caches of answers take for the same question: LiteLLM's local cache beside LangChain's.
#
# Guess:   everything that is sent is part of the key: what changes the answer is asked again. The address of the
#          server is in it, since "local" is a name that many servers give their model; the text of extra_body, where
#          servers of local models take their own options, is in it as a whole.
# Reality: LangChain does so. LiteLLM asks again after a change of temperature, seed, tools or top_k, but not after
#          one of api_base, extra_body, min_p or grammar: the second server is not asked and its answer is that of the
#          first; a question of red or blue is answered by the yes of a question of yes or no; thinking switched on is
#          answered by what was said without it.
# Seen with litellm 1.110.2, langchain-core 1.8.3, langchain-openai 1.7.4: answers that the servers gave to two
#          questions that differ in one thing:
#          differs in                         LiteLLM     LangChain
#          temperature, seed, tools, top_k    2           2
#          the server                         1           2
#          extra_body: choices, thinking      1           2
#          min_p, grammar                     1           2
# So:      an evaluation of two builds of a model, or with and without a grammar, compares one answer with itself and
#          finds them equal. Give each server a model name of its own, and the cache a namespace for what else differs.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check litellm==1.110.2 fastapi==0.165.0 orjson==3.13.0 soundfile==0.14.0 \
    langchain-core==1.8.3 langchain-openai==1.7.4
cat >check.py <<'PY'
import http.server, json, logging, os, sys, threading
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm
from langchain_core.caches import InMemoryCache
from langchain_openai import ChatOpenAI
logging.disable(logging.CRITICAL)

asked = []

class Model(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        asked.append(body)
        message = {"role": "assistant", "content": self.server.answer}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        answer = {"id": "1", "object": "chat.completion", "created": 1, "model": body["model"], "choices": [choice]}
        sent = json.dumps({**answer, "usage": usage}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *words):
        pass

def started(answer):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
    server.answer = answer
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/v1"

SERVERS = [started("I am the first"), started("I am the second")]
TEXT = "Is it open?"

def by_litellm(server=0, **options):
    messages = [{"role": "user", "content": TEXT}]
    answer = litellm.completion(
        model="openai/local", messages=messages, api_base=SERVERS[server], api_key="none", caching=True, **options
    )
    return answer.choices[0].message.content

def by_langchain(server=0, **options):
    own = {name: options.pop(name) for name in ("top_k", "min_p", "grammar") if name in options}
    if own:
        options["extra_body"] = own
    model = ChatOpenAI(model="local", base_url=SERVERS[server], api_key="none", cache=LANGCHAIN)
    return model.invoke(TEXT, **options).content

def tool(words):
    return [{"type": "function", "function": {"name": "look", "description": words, "parameters": {"type": "object"}}}]

def thinking(on):
    return {"extra_body": {"chat_template_kwargs": {"enable_thinking": on}}}

PAIRS = {
    "nothing": ({}, {}),
    "temperature": ({"temperature": 0}, {"temperature": 1}),
    "seed": ({"seed": 1}, {"seed": 2}),
    "tools": ({"tools": tool("one")}, {"tools": tool("two")}),
    "top_k": ({"top_k": 1}, {"top_k": 40}),
    "min_p": ({"min_p": 0.1}, {"min_p": 0.5}),
    "the server": ({"server": 0}, {"server": 1}),
    "choices in extra_body": (
        {"extra_body": {"guided_choice": ["yes", "no"]}}, {"extra_body": {"guided_choice": ["red", "blue"]}},
    ),
    "thinking in extra_body": (thinking(False), thinking(True)),
    "grammar": ({"grammar": 'root ::= "yes"'}, {"grammar": 'root ::= "no"'}),
}
seen, answers = {}, {}
for name, pair in PAIRS.items():
    row = []
    for library in (by_litellm, by_langchain):
        litellm.cache, LANGCHAIN = litellm.Cache(type="local"), InMemoryCache()
        asked.clear()
        answers[name, library.__name__] = [library(**dict(options)) for options in pair]
        row.append(len(asked))
    seen[name] = tuple(row)
print("  differs in                  LiteLLM  LangChain")
for name, row in seen.items():
    print(f"  {name:28}{row[0]:<9}{row[1]}")
second = answers["the server", "by_litellm"][1]
print(f"  the second server's answer in LiteLLM: {second}")
expected = dict(zip(PAIRS, [(1, 1)] + [(2, 2)] * 4 + [(1, 2)] * 5))
for name, then in expected.items():
    if seen[name] != then:
        sys.exit(f"CHANGED: {name}: was {then}, is {seen[name]}")
if second != "I am the first":
    sys.exit(f"CHANGED: the second server's answer is {second!r}")
print("as found")
PY
venv/bin/python -W ignore check.py
