"""A server of the Model Context Protocol over standard streams, with bad manners."""

import json
import os
import sys
import time

TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
NONE = {"type": "object", "properties": {}}
READS = {"readOnlyHint": True}
TOOLS = [
    {"name": "echo", "description": "Says it again.", "inputSchema": TEXT, "annotations": READS},
    {"name": "variable", "description": "Shows a variable.", "inputSchema": TEXT, "annotations": READS},
    {"name": "refuse", "description": "Fails.", "inputSchema": NONE, "annotations": READS},
    {"name": "hang", "description": "Never answers.", "inputSchema": NONE, "annotations": READS},
    {"name": "shout", "description": "Says much.", "inputSchema": NONE, "annotations": READS},
    {"name": "die", "description": "Ends the server.", "inputSchema": NONE},
    {"name": "die_once", "description": "Ends the first server.", "inputSchema": NONE, "annotations": READS},
    {"name": "bare", "annotations": {"readOnlyHint": "yes"}},
    {"name": "flood", "description": "Says more than can be read.", "inputSchema": NONE, "annotations": READS},
    {"name": "bare_text", "description": "Answers with a text alone.", "inputSchema": NONE, "annotations": READS},
    {"name": "loud", "description": "Speaks beside its answer.", "inputSchema": NONE, "annotations": READS},
    {"name": "code", "description": "Fails with a code.", "inputSchema": NONE, "annotations": READS},
    {"name": "not a name", "description": "Cannot be called.", "inputSchema": NONE},
]
MARK = os.path.join(sys.argv[1], "mark") if len(sys.argv) > 1 else ""


def text(value):
    return {"content": [{"type": "text", "text": value}]}


def call(name, args):
    if name == "echo":
        return text(args["text"])
    if name == "variable":
        return text(os.environ.get(args["text"], "unset"))
    if name == "bare":
        return {"content": ["no", {"text": "form"}]}
    if name == "refuse":
        return {**text("the ink is dry"), "isError": True}
    if name == "hang":
        time.sleep(3600)
    if name == "shout":
        return text("x" * 2_000_000)
    if name == "flood":
        return text("x" * 17_000_000)
    if name == "bare_text":
        return "a text alone"
    if name == "loud":
        print("\n".join(["[info] asked", '{"level": 30, "msg": "up"}', "7"]), flush=True)
        sys.stderr.buffer.write(b"caf\xe9 " + b"x" * 200_000)
        sys.stderr.flush()
        print("working ", end="", flush=True)
        return text("said")
    if name == "die_once" and os.path.exists(MARK):
        return text("alive")
    if name == "die_once":
        open(MARK, "w").close()
    print("out of cords", file=sys.stderr, flush=True)
    os._exit(3)


def answer(method, params):
    if method == "initialize":
        return {
            "protocolVersion": params["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "bad manners", "version": "1"},
        }
    if method == "tools/list":
        # An empty name of a page is one, and the last page always names another.
        if params.get("cursor") is None:
            return {"tools": TOOLS[:2], "nextCursor": ""}
        return {"tools": TOOLS[2:], "nextCursor": "again"}
    if method == "tools/call":
        return call(params["name"], params.get("arguments") or {})
    return {}


for line in sys.stdin:
    request = json.loads(line)
    params = request.get("params") or {}
    if "id" not in request:
        continue
    if params.get("name") == "code":
        answered = {"result": None, "error": {"code": -32602, "message": "wrong", "data": "the cord is red"}}
    else:
        answered = {"result": answer(request["method"], params), "error": None}
    print(json.dumps({"jsonrpc": "2.0", "id": request["id"], **answered}), flush=True)
