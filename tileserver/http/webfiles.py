"""The viewer's files: compressed, and with addresses that hold for good."""

from __future__ import annotations

import asyncio
import hashlib
import os
import posixpath
import re
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from tileserver.cache import ByteCache
from tileserver.http import caching

TEXTS = (".js", ".css", ".svg", ".json", ".html", ".geojson", ".xml", ".wasm")
SERVED = (*TEXTS, ".png", ".jpg", ".gif", ".ico", ".md")
HIDDEN = (
    "node_modules",
    "tests",
    "scripts",
    "eslint.config.js",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
)
COMPRESSED_BYTES = 16 << 20  # of all files, kept
FOR_GOOD = "public, max-age=31536000, immutable"
LOOK_S = 1.0  # between two looks whether a file has changed
_IMPORT = re.compile(r"""^(?:import|export)\b[^"';]*?["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)
_SCRIPT = re.compile(r'<script type="module" src="static/([^"]+)"></script>')


class WebFiles(StaticFiles):
    """The files below /static/, without the tools that make them.

    `/static/@{version}/…` is the same with an address that never has other contents.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory, check_dir=False)
        self.root = directory
        self._compressed: ByteCache[bytes] = ByteCache(COMPRESSED_BYTES, len)
        self._looked = -LOOK_S
        self._version = ""
        self._stats: list[tuple[str, int, int]] = []

    def lookup_path(self, path: str) -> tuple[str, object]:  # type: ignore[override]
        parts = Path(path).parts
        if not path.endswith(SERVED) or (parts and parts[0] in HIDDEN):
            return "", None
        return super().lookup_path(path)

    async def get_response(self, path: str, scope: Scope) -> Response:
        version, _, rest = path.partition("/")
        versioned = version.startswith("@")
        found = await super().get_response(rest if versioned else path, scope)
        current = versioned and version == f"@{await asyncio.to_thread(self.version)}"
        found.headers["Cache-Control"] = FOR_GOOD if current else "no-cache"
        found.headers["Vary"] = "Accept-Encoding"
        if not isinstance(found, FileResponse) or not path.endswith(TEXTS):
            return found
        if not caching.takes_gzip(Request(scope)):
            return found
        file, tag = Path(found.path), found.headers["ETag"]
        body = await self._compressed.get((file, tag), partial(asyncio.to_thread, _compress, file))
        headers = {k: v for k, v in found.headers.items() if k != "content-length"}
        return Response(body, headers=headers | {"Content-Encoding": "gzip"})

    def version(self) -> str:
        """Changes when what stands in a file does; the same wherever the files are the same."""
        if time.monotonic() - self._looked >= LOOK_S:
            stats = sorted((path, s.st_mtime_ns, s.st_size) for path, s in self._files())
            if stats != self._stats:
                digest = hashlib.blake2b(digest_size=6)
                for path, _, _ in stats:
                    digest.update(Path(path).relative_to(self.root).as_posix().encode())
                    digest.update(Path(path).read_bytes())
                self._stats, self._version = stats, digest.hexdigest()
            self._looked = time.monotonic()
        return self._version

    def _files(self) -> Iterator[tuple[str, os.stat_result]]:
        folders = [self.root]
        while folders:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir() and entry.name not in HIDDEN:
                        folders.append(Path(entry.path))
                    elif entry.name.endswith(SERVED):
                        yield entry.path, entry.stat()

    def page(self, name: str) -> bytes:
        """An HTML page whose files have this version's addresses.

        All modules that its script imports are named in it, so that a browser asks for them at
        once, not for each when it has read the one that imports it.
        """
        text = (self.root / name).read_text(encoding="utf-8")
        script = _SCRIPT.search(text)
        if script:
            links = (
                f'<link rel="modulepreload" href="static/{module}">'
                for module in self.modules(script[1])
            )
            text = text.replace(script[0], "\n    ".join((*links, script[0])))
        return text.replace('="static/', f'="static/@{self.version()}/').encode()

    def modules(self, main: str) -> list[str]:
        """What a module imports, directly and not, by paths below /static/."""
        found: dict[str, None] = {}
        waiting = [main]
        while waiting:
            module = waiting.pop()
            source = (self.root / module).read_text(encoding="utf-8")
            for path in _IMPORT.findall(source):
                imported = posixpath.normpath(posixpath.join(posixpath.dirname(module), path))
                if imported not in found and (self.root / imported).is_file():
                    found[imported] = None
                    waiting.append(imported)
        return sorted(found)


def _compress(file: Path) -> bytes:
    return caching.compress(file.read_bytes())
