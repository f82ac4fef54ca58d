"""Bodies by chance, and clients that keep a bad pace: a server answers no 5xx, and goes on answering.

    python3 evals/http_hostile.py http://127.0.0.1:8080 [SEED [COUNT]]

It sends to this machine only. With `--cpu script:FILE` a server answers hundreds of bodies a minute.
Statuses are counted; a 5xx, and an error without a message, are printed with the body that led there.
"""
import collections, copy, json, random, socket, sys, threading, time, urllib.error, urllib.parse, urllib.request

BASE = sys.argv[1].rstrip("/")
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 1
COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 1500
HOST, PORT = urllib.parse.urlparse(BASE).hostname, urllib.parse.urlparse(BASE).port
assert HOST in ("127.0.0.1", "localhost"), "only this machine"
chance = random.Random(SEED)
USER = {"role": "user", "content": "Hello"}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
PNG = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
SEEDS = {
    "/v1/chat/completions": {"messages": [{"role": "developer", "content": "Hi"}, USER, {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}, {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "x"}, {"type": "image_url", "image_url": {"url": PNG}}]}], "tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}], "tool_choice": "auto", "max_tokens": 4, "n": 1, "stop": ["x"], "seed": 1, "temperature": 0.5, "logit_bias": {"5": 1}, "stream_options": {"include_usage": True}, "response_format": {"type": "text"}},
    "/v1/responses": {"input": [USER, {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}, {"type": "function_call_output", "call_id": "c", "output": "x"}, {"type": "item_reference", "id": "msg_1"}], "tools": [{"type": "function", "name": "f", "parameters": SCHEMA}, {"type": "custom", "name": "g"}, {"type": "namespace", "name": "n", "tools": []}, {"type": "web_search"}], "max_output_tokens": 4, "text": {"format": {"type": "text"}}, "previous_response_id": None, "store": False},
    "/v1/messages": {"messages": [USER, {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]}, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "x"}]}]}], "system": [{"type": "text", "text": "x"}], "max_tokens": 4, "tools": [{"name": "f", "input_schema": SCHEMA}], "tool_choice": {"type": "auto"}, "stop_sequences": ["x"], "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
    "/v1/messages/count_tokens": {"messages": [USER], "system": "x"},
    "/v1/completions": {"prompt": "Once", "max_tokens": 4, "suffix": None, "echo": False, "logprobs": None},
    "/completion": {"prompt": "Once", "n_predict": 4}, "/infill": {"input_prefix": "a", "input_suffix": "b", "n_predict": 4},
    "/v1/embeddings": {"input": ["x"], "encoding_format": "float"}, "/tokenize": {"content": "x"}, "/detokenize": {"tokens": [1, 2]},
    "/v1/decisions": {"input": "x", "questions": [{"name": "a", "type": "predicate", "instructions": "?"}]},
    "/v1/systemone": {"state": "x", "questions": {"a": {"type": "predicate", "instructions": "?"}}},
    "/v1/audio/speech": {"input": "x", "voice": "x"},
    "/api/v1/processes": {"prompt": "x", "after": 0},
}
ODD = [None, True, False, 0, -1, 1, 1.5, 1e308, -1e308, 2**63, -2**63, 2**64, "", "x", "\u0000", "\ud800", "💥" * 50, [], {}, [[]], [None], {"": None}, {"type": None}, "data:", PNG, "9" * 400, ["x"] * 3000, {"$ref": "#"}, {"type": "array", "items": {"$ref": "#"}}, {"pattern": "(a+)+$", "type": "string"}, {"pattern": "a{1,100000}", "type": "string"}, {"enum": list(range(5000))}, {"minLength": 10**9, "type": "string"}, {"maxItems": 10**12, "type": "array"}, {"multipleOf": 0}, {"const": {"a": [1] * 100}}]

def places(value, path=()):
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, path + (key,))

def mutated(body):
    body = copy.deepcopy(body)
    for _ in range(chance.randint(1, 3)):
        path = chance.choice([p for p in places(body) if p] or [()])
        if not path: return copy.deepcopy(chance.choice(ODD))
        at = body
        for key in path[:-1]: at = at[key]
        what = chance.random()
        if what < .6: at[path[-1]] = copy.deepcopy(chance.choice(ODD))
        elif what < .75 and isinstance(at, list): at.extend(copy.deepcopy(at))
        elif what < .85 and isinstance(at, dict): at[chance.choice(["type", "role", "content", "name", "id", "strict", "stream"])] = copy.deepcopy(chance.choice(ODD))
        elif isinstance(at, dict): del at[path[-1]]
        else: at[path[-1]] = [at[path[-1]]]
    return body

def send(path, data, headers):
    request = urllib.request.Request(BASE + path, data, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as reply: return reply.status, reply.read()
    except urllib.error.HTTPError as error: return error.code, error.read()

def by_chance():
    counts, bad = collections.Counter(), 0
    for number in range(COUNT):
        path = chance.choice(list(SEEDS)); data = json.dumps(mutated(SEEDS[path])).encode()
        kind = chance.random()
        if kind < .05: data = data[:chance.randrange(len(data) + 1)]
        elif kind < .07: data = bytes(chance.randrange(256) for _ in range(200))
        elif kind < .08: data = b"[" * 100_000
        headers = {"Content-Type": chance.choice(["application/json"] * 9 + ["text/plain", "application/xml", "multipart/form-data"])}
        if chance.random() < .02: headers["Content-Encoding"] = chance.choice(["gzip", "deflate", "br", "x"])
        try: status, text = send(path, data, headers)
        except Exception as error: status, text = type(error).__name__, str(error).encode()
        counts[status] += 1
        if not isinstance(status, int) or status >= 500:
            bad += 1; print(number, status, path, text[:300], data[:1500])
        elif status >= 400 and path.startswith("/v1"):
            try: assert json.loads(text)["error"]["message"]
            except Exception: bad += 1; print(number, "no error object", status, path, text[:200])
    print("by chance:", dict(counts)); return bad

def raw(*pieces, pause=0.0, half=False, read=True, wait=20):
    s = socket.create_connection((HOST, PORT), timeout=wait)
    try:
        for piece in pieces:
            s.sendall(piece); time.sleep(pause)
        if half: s.shutdown(socket.SHUT_WR)
        got = b""
        while read:
            more = s.recv(65536)
            if not more: break
            got += more
            if b"[DONE]" in got or b"message_stop" in got: break
        return got
    finally: s.close()

def request(path, body, extra=""):
    data = json.dumps(body).encode()
    return f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {len(data)}\r\n{extra}\r\n".encode(), data

def bad_pace():
    head, data = request("/v1/chat/completions", {"messages": [USER], "max_tokens": 8}); bad = 0
    def check(what, got, wanted):
        nonlocal bad
        if wanted not in got: bad += 1; print("FAIL", what, got[:300])
        else: print("ok", what)
    check("a slow body", raw(head, *[data[i:i + 8] for i in range(0, len(data), 8)], pause=.05), b" 200 ")
    # Whoever closes its half has left, as with llama.cpp's server: nothing is computed for it.
    raw(head, data, half=True)
    check("a half-closed connection", raw(head, data), b" 200 ")
    check("a body cut short, half closed", raw(head, data[:-3], half=True), b" 400 ")
    chunked = head.replace(f"Content-Length: {len(data)}\r\n".encode(), b"Transfer-Encoding: chunked\r\n")
    check("a chunked body", raw(chunked, *[b"%x\r\n%s\r\n" % (len(data[i:i+9]), data[i:i+9]) for i in range(0, len(data), 9)], b"0\r\n\r\n"), b" 200 ")
    check("a wrong chunk", raw(chunked, b"zz\r\n"), b" 400 ")
    check("two requests at once", raw(head.replace(b"close", b"keep-alive") + data + head + data), b" 200 ")
    check("a huge length", raw(head.replace(str(len(data)).encode(), b"99999999999"), data, half=True), b" 413 ")
    check("a length that is none", raw(head.replace(str(len(data)).encode(), b"-1"), data), b" 400 ")
    check("no request", raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"), b"400")
    for path, body in (("/v1/chat/completions", {"messages": [USER], "stream": True, "max_tokens": 200}), ("/v1/responses", {"input": "Hello", "stream": True}), ("/v1/messages", {"messages": [USER], "stream": True, "max_tokens": 200})):
        def cut():
            s = socket.create_connection((HOST, PORT), timeout=30)
            try: s.sendall(b"".join(request(path, body))); s.recv(chance.choice([1, 50, 400]))
            except OSError: pass
            finally: s.close()
        threads = [threading.Thread(target=cut) for _ in range(64)]
        for thread in threads: thread.start()
        for thread in threads: thread.join(60)
        check("64 cut streams of " + path, raw(head, data), b" 200 ")
    return bad

bad = by_chance() + bad_pace()
print("bad:", bad); sys.exit(bad > 0)
