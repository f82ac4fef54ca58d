"""A server of the Model Context Protocol that speaks one kind of it, in a manner of its own.

    era.py MANNER [FOLDER]

newer     revision 2026-07-28 and nothing older
slow      the same, and takes a while to start, as on a busy machine
dies      an older kind that ends at a question it does not know
silent    an older kind that does not answer such a question
odd       an older kind that answers anything to it
lingers   goes on after its input has ended; writes its id to a file in FOLDER, and "term" at SIGTERM
stubborn  the same, and does not mind SIGTERM
"""

import json
import os
import signal
import sys
import time

MANNER = sys.argv[1]
FILE = os.path.join(sys.argv[2], "log") if len(sys.argv) > 2 else ""
NEW, KEY = "2026-07-28", "io.modelcontextprotocol/"
READS = {"readOnlyHint": True}
NONE = {"type": "object", "properties": {}}
TOOLS = [
    {"name": "tide", "description": "How high.", "inputSchema": NONE, "annotations": READS},
    {"name": "slow", "description": "Takes a while.", "inputSchema": NONE, "annotations": READS},
    {"name": "link", "description": "Gives a link.", "inputSchema": NONE, "annotations": READS},
    {"name": "grow", "description": "Gets another tool.", "inputSchema": NONE, "annotations": READS},
]
HERE = {"tools": {"listChanged": True}, "resources": {}}


def say(message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def call(name, token):
    if name == "slow":
        for done in range(8):
            time.sleep(0.25)
            say({"method": "notifications/progress", "params": {"progressToken": token, "progress": done}})
        return "done"
    if name == "grow":
        TOOLS.append({"name": "moon", "inputSchema": NONE})
        say({"method": "notifications/tools/list_changed"})
        return "grown"
    return "3.5 m"


def result(method, params):
    if method == "tools/list":
        return {"tools": TOOLS}
    if method == "resources/read" and params["uri"] == "tide:log":
        return {"contents": [{"uri": "tide:log", "text": "high at noon"}]}
    if method == "resources/list":
        return {"resources": [{"uri": "tide:log", "name": "log"}]}
    if method == "tools/call" and params["name"] == "link":
        link = {"type": "resource_link", "uri": "tide:log", "name": "log", "size": 12}
        return {"content": [link]}
    if method == "tools/call":
        token = (params.get("_meta") or {}).get("progressToken")
        return {"content": [{"type": "text", "text": call(params["name"], token)}]}
    return None


def newer(message, method, params):
    version = (params.get("_meta") or {}).get(KEY + "protocolVersion")
    if method == "initialize" or version != NEW:
        data = {"supported": [NEW], "requested": version}
        return {"error": {"code": -32022, "message": "unsupported", "data": data}}
    common = {"resultType": "complete", "_meta": {KEY + "serverInfo": {"name": "tides", "version": "1"}}}
    cached = {"ttlMs": 0, "cacheScope": "private"}
    if method == "server/discover":
        return {"result": {"supportedVersions": [NEW], "capabilities": HERE, **cached, **common}}
    found = result(method, params)
    if found is None:
        return {"error": {"code": -32601, "message": "no such method"}}
    return {"result": {**found, **cached, **common}}


def older(message, method, params):
    if method == "initialize":
        info = {"name": "tides", "version": "1"}
        return {"result": {"protocolVersion": "2025-06-18", "capabilities": HERE, "serverInfo": info}}
    found = result(method, params)
    if found is not None:
        return {"result": found}
    if MANNER == "dies":
        sys.exit("what is that?")
    if MANNER == "silent":
        return None
    if MANNER == "odd":
        return {"result": {}}
    return {"error": {"code": -32601, "message": "no such method"}}


def at_sigterm(*_):
    with open(FILE, "a") as file:
        file.write("term\n")
    if MANNER == "lingers":
        os._exit(0)


if MANNER == "slow":
    # Longer than an answer is waited for that may never come.
    time.sleep(3.5)

if FILE:
    signal.signal(signal.SIGTERM, at_sigterm)
    with open(FILE, "a") as file:
        file.write(f"{os.getpid()}\n")

for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message or "method" not in message:
        continue
    speak = newer if MANNER in ("newer", "slow") else older
    answer = speak(message, message["method"], message.get("params") or {})
    if answer:
        say({"id": message["id"], **answer})

while MANNER in ("lingers", "stubborn"):
    time.sleep(60)
