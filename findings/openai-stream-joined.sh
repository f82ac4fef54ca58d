#!/bin/sh
# One streamed answer, put together by the stream helpers of OpenAI's Python and JavaScript clients.
#
# Guess:   chat.completions.stream() of the two clients does the same work, so both return the same message: text and
#          arguments are joined, names and ids are kept, what they do not know is passed on.
# Reality: 1. A server that repeats a tool call's id and name in each piece, as some do: the Python client joins those
#             as well and returns the tool "weatherweather" with the id "call_1call_1". JavaScript: "weather".
#          2. reasoning_content, which servers of reasoning models stream beside content: the Python client joins its
#             pieces, the JavaScript client keeps only the last one.
#          3. A number in each piece, such as a counter of progress: Python ADDS them up (1, 2, 3 are 6), JavaScript
#             keeps the last.
#          4. A stream that ends without a finish_reason, or whose pieces name no role: Python returns the message,
#             JavaScript an error instead of it.
#          The Python client adds whatever can be added, JavaScript replaces what it does not know.
# Seen with openai 3.57.0 of PyPI, 6.49.0 of npm, and a server of this script's own: the rows printed below.
# So:      a server sends role, id and name once, in a first piece, and a finish_reason always. A client of reasoning
#          models collects that field itself, from the pieces. A server tested with one of the two clients is not
#          tested with the other.
set -eu
dir=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
server=
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check openai==3.57.0
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts openai@6.49.0
cat >server.py <<'PY'
import http.server, json, os

def call(**function):
    return {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]}

FIRST = call(name="weather", arguments='{"city":')
STREAMS = {
    "once": ([FIRST, {"tool_calls": [{"index": 0, "function": {"arguments": '"Oslo"}'}}]}], "tool_calls"),
    "repeated": ([FIRST, call(name="weather", arguments='"Oslo"}')], "tool_calls"),
    "reasoning": ([{"reasoning_content": "Oslo is "}, {"reasoning_content": "cold."}, {"content": "Cold."}], "stop"),
    "progress": ([{"content": "Co", "progress": 1}, {"content": "ld", "progress": 2}, {"content": ".", "progress": 3}], "stop"),
    "no finish": ([{"content": "Co"}, {"content": "ld."}], None),
    "no role": ([{"content": "Co"}, {"content": "ld."}], "stop"),
}

class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        deltas, finish = STREAMS[request["model"]]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        if request["model"] != "no role":
            deltas = [{"role": "assistant"}] + deltas
        chunks = [(delta, None) for delta in deltas] + ([({}, finish)] if finish else [])
        for delta, reason in chunks:
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": request["model"], "choices": [choice]}
            self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        self.wfile.write(b"data: [DONE]\n\n")

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open("port.new", "w") as file:
    file.write(str(server.server_address[1]))
os.rename("port.new", "port")
server.serve_forever()
PY
python3 server.py &
server=$!
while [ ! -f port ]; do kill -0 "$server"; sleep 0.1; done
cat >client.mjs <<'JS'
import OpenAI from "openai";

const [port, ...models] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: "none", maxRetries: 0 });
const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object" } } }];
const said = {};
for (const model of models) {
  try {
    const stream = client.chat.completions.stream({ model, tools, messages: [{ role: "user", content: "Oslo?" }] });
    said[model] = (await stream.finalChatCompletion()).choices[0].message;
  } catch (error) {
    said[model] = { error: error.message };
  }
}
console.log(JSON.stringify(said));
JS
cat >check.py <<'PY'
import json, subprocess, sys
from openai import OpenAI

port = open("port").read()
MODELS = ["once", "repeated", "reasoning", "progress", "no finish", "no role"]
client = OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=0)
tools = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]

def ask(model):
    with client.chat.completions.stream(model=model, tools=tools, messages=[{"role": "user", "content": "Oslo?"}]) as stream:
        return stream.get_final_completion().choices[0].message.model_dump()

def shown(message):
    if "error" in message:
        return f"error: {message['error']}"
    calls = [f"{call['id']} {call['function']['name']} {call['function']['arguments']}" for call in message.get("tool_calls") or []]
    own = [f"{name} {message[name]}" for name in ("reasoning_content", "progress") if name in message]
    return ", ".join(calls + own) or message["content"]

javascript = json.loads(subprocess.run(["node", "client.mjs", port, *MODELS], check=True, capture_output=True, text=True).stdout)
seen = {}
for model in MODELS:
    seen[f"{model}, Python"] = shown(ask(model))
    seen[f"{model}, JavaScript"] = shown(javascript[model])
expected = {
    "once, Python": 'call_1 weather {"city":"Oslo"}',
    "once, JavaScript": 'call_1 weather {"city":"Oslo"}',
    "repeated, Python": 'call_1call_1 weatherweather {"city":"Oslo"}',
    "repeated, JavaScript": 'call_1 weather {"city":"Oslo"}',
    "reasoning, Python": "reasoning_content Oslo is cold.",
    "reasoning, JavaScript": "reasoning_content cold.",
    "progress, Python": "progress 6",
    "progress, JavaScript": "progress 3",
    "no finish, Python": "Cold.",
    "no finish, JavaScript": "error: missing finish_reason for choice 0",
    "no role, Python": "Cold.",
    "no role, JavaScript": "error: missing role for choice 0",
}
for name, value in seen.items():
    print(f"  {name:24}{value}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
