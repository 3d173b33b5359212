"""Holds a server to the description of its API, by schemathesis in an environment of its own.

What the tool draws by the description's schemas, right and wrong, is mixed with names and values
that there are; what it checks stands in CHECKS.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.target import ADMIN_TOKEN, Target
from tests.fuzz.words import PARTS, VALUES

TOOL = Path(__file__).parents[2] / "build" / "schemathesis" / "bin" / "schemathesis"
OFTEN = 0.7  # what there is, else what the tool makes up
ANSWERED_WITHIN_S = 20
# Left out is that whatever fits a schema is taken: no schema tells what an expression may be.
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance", "negative_data_rejection",
    "unsupported_method", "allow_header_conformance", "use_after_free", "ignored_auth",
)  # fmt: skip
ALLOWED = ["2xx", "3xx", "4xx", 501, 502, 503, 504]
WITHOUT_END = "/datasets/{dataset}/events"
_GENERATED = re.compile(r"(\d+) generated")


@dataclass(frozen=True)
class Held:
    """What came of it.

    Args:
        count: of requests.
        told: all that the tool said.
    """

    is_right: bool
    count: int
    told: str


def hold(
    target: Target, folder: Path, *, examples: int, seed: int, seconds: int | None = None
) -> Held:
    """Ask all that is described.

    Args:
        folder: for the tool's files.
        examples: of each operation.
        seconds: go on for so long.
    """
    config = folder / "schemathesis.toml"
    config.write_text(_config())
    command = [
        *(str(TOOL), "--no-color", "--config-file", str(config)),
        *("run", f"{target.url}/openapi.json", "--workers", "1"),
        *("--header", f"Authorization: Bearer {ADMIN_TOKEN}"),
        *("--checks", ",".join(CHECKS), "--exclude-path", WITHOUT_END),
        *("--max-examples", str(examples), "--seed", str(seed)),
        *("--request-timeout", str(ANSWERED_WITHIN_S), "--warnings", "off"),
        *(("--max-time", str(seconds)) if seconds else ("--phases", "examples,coverage,fuzzing")),
    ]
    # It is no business of the plug-ins that the tests have.
    environment = {**os.environ, "PYTHONPATH": "", "HYPOTHESIS_STORAGE_DIRECTORY": str(folder)}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=environment, check=False
    )
    told = done.stdout + done.stderr
    counts = _GENERATED.findall(told)
    return Held(done.returncode == 0, int(counts[-1]) if counts else 0, told)


def _config() -> str:
    """Of the tool: values by the names of parameters, and what an answer may be."""
    # Of parameters that are in no schema the tool loses some on the way, and misses their refusal.
    lines = ["[generation]", "allow-extra-parameters = false", "[dictionaries]"]
    for kind, known in (("path", PARTS), ("query", VALUES)):
        for name, values in known.items():
            lines.append(f"{kind}-{name} = {{ values = {json.dumps(sorted(set(values)))} }}")
    lines.append("[parameters]")
    for kind, known in (("path", PARTS), ("query", VALUES)):
        for name in known:
            for spelt in {name, name.upper(), *SPELT.get(name, ())}:
                dictionary = f'{{ dictionary = "{kind}-{name}", probability = {OFTEN} }}'
                lines.append(f'"{kind}.{spelt}" = {dictionary}')
    lines += ["[checks.not_a_server_error]", f"expected-statuses = {json.dumps(ALLOWED)}"]
    return "\n".join(lines) + "\n"


# Names of parameters that are written in words.
SPELT = {
    "tilematrixset": ("TileMatrixSet",),
    "tilematrix": ("TileMatrix",),
    "tilerow": ("TileRow",),
    "tilecol": ("TileCol",),
    "infoformat": ("InfoFormat",),
}
