"""The snippets of docs/web-clients.md, made to ask a server that is there."""

import re
from pathlib import Path

import httpx2 as httpx

from tileserver.access.key import new_key

PAGE = (Path(__file__).parents[2] / "docs" / "web-clients.md").read_text(encoding="utf-8")
SNIPPETS = dict(re.findall(r"^```js ([\w-]+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
SERVER = "https://maps.example.org"
FIRST, SECOND = "2021-01-01T00:00:00Z", "2021-07-12T00:00:00Z"
KEY, KEPT = new_key("anna", roles=["staff"])


def code_of(name: str, public: str, private: str) -> str:
    """A snippet for a server that is there, with what opens it."""
    code = SNIPPETS[name]
    if name.endswith("-signed"):
        headers = {"Authorization": f"Bearer {KEY}"}
        base = httpx.post(f"{private}/datasets/ocean/sign", headers=headers).json()["base"]
        return code.replace(f"{SERVER}/signed/…", base)
    if name.endswith("-key"):
        return code.replace(SERVER, private).replace("ts_…", KEY)
    return code.replace(SERVER, public)
