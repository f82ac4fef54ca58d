#!/bin/sh
# Quipu beside others that speak the Model Context Protocol, both from PyPI: a run uses
# the server mcp-server-time, and the client of the reference library uses Quipu.
#
#   evals/mcp_real.sh
#
# They are installed into a folder of the cache. QUIPU names another quipu to run. Where
# they cannot be installed it says so and exits 0.
set -eu

packages="mcp==2.3.0 mcp-server-time==2026.10.19"
quipu=${QUIPU:-${CARGO_TARGET_DIR:-$(dirname "$0")/../target}/release/quipu}
[ -x "$quipu" ] || {
    echo "mcp: $quipu is not there" >&2
    echo "mcp: hint: run: make build" >&2
    exit 2
}
quipu=$(cd "$(dirname "$quipu")" && pwd)/$(basename "$quipu")
home=${XDG_CACHE_HOME:-$HOME/.cache}/quipu/mcp-$(echo "$packages" | cksum | cut -d ' ' -f 1)
if ! [ -x "$home/bin/mcp-server-time" ]; then
    # shellcheck disable=SC2086 # two packages
    python3 -m venv "$home" && "$home/bin/pip" install --quiet --disable-pip-version-check $packages || {
        rm -rf "$home"
        echo "mcp: skipped: $packages cannot be installed from PyPI" >&2
        exit 0
    }
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export QUIPU_ROOT="$work/root"

echo "== a run of Quipu uses a server"
cat >.mcp.json <<JSON
{"mcpServers": {"time": {"command": "$home/bin/mcp-server-time", "args": ["--local-timezone", "UTC"]}}}
JSON
"$quipu" trust .
"$quipu" tool grant time spawn
"$quipu" tool ls
cat >script.jsonl <<'JSON'
{"tool":"time.convert_time","args":{"source_timezone":"Asia/Tokyo","time":"12:00","target_timezone":"America/Lima"}}
{"answer":"It is 22:00 the day before in Lima."}
JSON
"$quipu" run --cpu script:script.jsonl "When it is noon in Tokyo, what time is it in Lima?" 2>&1 | tee run.txt
grep -q 'T22:00:00-05:00' run.txt || {
    echo "mcp: the server's answer was not seen" >&2
    exit 1
}

echo "== a client uses Quipu"
rm .mcp.json
"$home/bin/python" - "$quipu" <<'PYTHON'
import asyncio
import sys

from mcp import ClientSession, StdioServerParameters, stdio_client


async def main():
    server = StdioServerParameters(
        command=sys.argv[1],
        args=["serve", "--mcp", "--allow", "mem:write", "--approve", "all"],
        env={"QUIPU_ROOT": __import__("os").environ["QUIPU_ROOT"]},
    )
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        tools = (await session.list_tools()).tools
        print("tools:", ", ".join(tool.name for tool in tools))

        async def call(name, **args):
            result = await session.call_tool(name, args)
            text = "".join(part.text for part in result.content if part.type == "text")
            failed = getattr(result, "is_error", None) or getattr(result, "isError", None)
            print(f"{name} {args} -> {'failed: ' if failed else ''}{text}")
            return text

        assert "916.5" in await call("calculator_calculate", expression="23% * 4150 - 38")
        assert "3628800" in await call("python_run", code="import math; print(math.factorial(10))")
        await call("memory_put", text="The museum closes at six.")
        assert "museum" in await call("memory_search", query="when does the museum close")
        assert "needs" in await call("browser_fetch", url="https://example.com/")


asyncio.run(main())
PYTHON
echo "mcp: both agree"
