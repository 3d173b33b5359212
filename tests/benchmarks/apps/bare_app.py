"""Answers bytes that it is given, on the same server software as ours and by nothing else."""

import json
import sys
from pathlib import Path

import uvicorn

given = json.loads(Path(sys.argv[2]).read_text())
BODY = bytes.fromhex(given["body"])
HEADERS, UNCHANGED = (
    [(name.encode(), value.encode()) for name, value in given[key]] for key in ("200", "304")
)


async def app(scope, receive, send):
    if scope["path"] == "/304":
        await send({"type": "http.response.start", "status": 304, "headers": UNCHANGED})
        await send({"type": "http.response.body", "body": b""})
    else:
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": BODY})


uvicorn.run(
    app, port=int(sys.argv[1]), loop="uvloop", http="httptools", lifespan="off",
    log_level="error", access_log=False, server_header=False, proxy_headers=False,
)  # fmt: skip
