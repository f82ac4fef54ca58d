#!/bin/sh
# One Python function that returns a list, as a tool of the MCP Python SDK and as a tool of FastMCP.
#
# Guess:   FastMCP grew out of the same code, and both decorators look the same; so one function gives one result in
#          both: a block of text for each item of the list.
# Reality: the SDK gives a block for each item and flattens lists in lists: the table [[1, 2], [3, 4]] is four blocks,
#          1, 2, 3 and 4, and nothing tells where a row ends. ["a, b", "c"] is the blocks "a, b" and "c".
#          FastMCP gives one block with the JSON of the whole list, in both cases. Objects are indented JSON in the
#          SDK, JSON without a blank in FastMCP. Both put the same list into structured content.
# Seen with mcp 2.3.0, fastmcp 4.2.3: the rows printed below.
# So:      moving a server from one to the other changes every text that a model is shown. A runtime that shows the
#          model only text blocks, or joins them, shows a table of the SDK as one row: where structured content is
#          there and is a list, show that. Tool authors: return a text that is laid out, or an object.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check fastmcp==4.2.3 mcp==2.3.0
cat >check.py <<'PY'
import asyncio, json, sys
import fastmcp
from mcp import Client
from mcp.server import MCPServer

def table() -> list[list[int]]:
    return [[1, 2], [3, 4]]

def texts() -> list[str]:
    return ["a, b", "c"]

def thing() -> dict[str, int]:
    return {"a": 1}

async def main():
    seen = {}
    for kind, server in (("SDK", MCPServer("lists")), ("FastMCP", fastmcp.FastMCP("lists"))):
        for function in (table, texts, thing):
            server.tool()(function)
        async with Client(server) if kind == "SDK" else fastmcp.Client(server) as client:
            for function in (table, texts, thing):
                call = client.call_tool if kind == "SDK" else client.call_tool_mcp
                result = await call(function.__name__, {})
                seen[f"{function.__name__}, {kind}"] = " ".join(repr(block.text) for block in result.content)
                seen[f"{function.__name__}, {kind}, structured"] = json.dumps(result.structured_content)
    return seen

seen = asyncio.run(main())
expected = {
    "table, SDK": "'1' '2' '3' '4'",
    "table, SDK, structured": '{"result": [[1, 2], [3, 4]]}',
    "table, FastMCP": "'[[1,2],[3,4]]'",
    "table, FastMCP, structured": '{"result": [[1, 2], [3, 4]]}',
    "texts, SDK": "'a, b' 'c'",
    "texts, SDK, structured": '{"result": ["a, b", "c"]}',
    "texts, FastMCP": """'["a, b","c"]'""",
    "texts, FastMCP, structured": '{"result": ["a, b", "c"]}',
    "thing, SDK": r"""'{\n  "a": 1\n}'""",
    "thing, SDK, structured": '{"a": 1}',
    "thing, FastMCP": """'{"a":1}'""",
    "thing, FastMCP, structured": '{"a": 1}',
}
for name in expected:
    print(f"  {name:29}{seen[name]}")
changed = [name for name in expected if seen[name] != expected[name]]
if changed:
    sys.exit(f"CHANGED: {changed[0]}: was {expected[changed[0]]!r}, is {seen[changed[0]]!r}")
print("as found")
PY
venv/bin/python check.py
