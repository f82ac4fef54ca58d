#!/bin/sh
# What a model writes into a database through the MCP server for SQLite, as it comes from PyPI.
#
# Guess:   write_query saves what it has carried out. What it can't carry out comes back as an error.
# Reality: it saves only where the text begins with INSERT, UPDATE, DELETE, CREATE, DROP or ALTER. REPLACE INTO, and an
#          UPDATE, INSERT or DELETE with a comment before it, is carried out and rolled back when the call ends. The
#          answer is "[]", not an error. WITH ... UPDATE also answers "[]", and is saved: the two can't be told apart.
#          With RETURNING id the answer is "cannot commit transaction", and nothing is saved; the same text without
#          RETURNING is. Such errors are results with isError false, so a client that watches the flag sees a success.
#          The plain statement answers "[{'affected_rows': 1}]", which is Python's notation and no JSON.
# Seen with mcp-server-sqlite 2025.4.25, mcp 1.30.0: the rows printed below.
# So:      models like to say in a comment what a statement does, and use REPLACE for what may exist already. Tell a
#          model that "[]" from write_query means "not saved", let it read again what it wrote, and start a statement
#          with its verb; INSERT ... ON CONFLICT DO UPDATE is saved.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check mcp-server-sqlite==2025.4.25 mcp==1.30.0
cat >check.py <<'PY'
import asyncio, os, sqlite3, sys
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

UPDATE = "UPDATE task SET done = 1 WHERE id = 1"
COUNTED, EMPTY = "[{'affected_rows': 1}]", "[]"
CANNOT = "Database error: cannot commit transaction - SQL statements in progress"
# Each of them marks the task as done: the answer, and whether a second connection sees it.
CASES = {
    UPDATE: (COUNTED, "saved"),
    f"-- Anna was called\n{UPDATE}": (EMPTY, "not saved"),
    f"/* Anna was called */ {UPDATE}": (EMPTY, "not saved"),
    "REPLACE INTO task VALUES (1, 'call Anna', 1)": (EMPTY, "not saved"),
    "INSERT OR REPLACE INTO task VALUES (1, 'call Anna', 1)": (COUNTED, "saved"),
    "INSERT INTO task VALUES (1, 'call Anna', 1) ON CONFLICT (id) DO UPDATE SET done = 1": (COUNTED, "saved"),
    f"WITH called AS (SELECT 1) {UPDATE}": (EMPTY, "saved"),
    f"{UPDATE} RETURNING id": (CANNOT, "not saved"),
}

async def written(statement):
    if os.path.exists("tasks.db"):
        os.remove("tasks.db")
    database = sqlite3.connect("tasks.db")
    database.execute("create table task (id integer primary key, title text, done integer)")
    database.execute("insert into task values (1, 'call Anna', 0)")
    database.commit()
    server = StdioServerParameters(command="venv/bin/mcp-server-sqlite", args=["--db-path", "tasks.db"])
    with open(os.devnull, "w") as quiet:
        async with stdio_client(server, errlog=quiet) as streams, ClientSession(*streams) as client:
            await client.initialize()
            result = await client.call_tool("write_query", {"query": statement})
    done = database.execute("select done from task").fetchone()[0]
    database.close()
    answer = ("isError " if result.isError else "") + result.content[0].text
    return answer, "saved" if done else "not saved"

changed = None
for statement, expected in CASES.items():
    seen = asyncio.run(written(statement))
    print(f"  {statement!r}\n      {seen[1]}: {seen[0]}")
    if seen != expected and not changed:
        changed = f"{statement!r}: was {expected}, is {seen}"
if changed:
    sys.exit(f"CHANGED: {changed}")
print("as found")
PY
venv/bin/python check.py
