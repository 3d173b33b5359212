"""The image, built without a daemon: buildah in a chroot, on bases that are made on the spot.

The bases are the distribution's own packages, and node and npm of this machine. What pip, npm and
apt are told here of mirrors and certificates is handed to the build, and stands in no layer.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from configparser import ConfigParser
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
TOOLS = ("buildah", "podman", "runc", "catatonit", "mmdebstrap", "node", "npm")
IMAGE = "localhost/tileserver"
PYTHON, NODE = f"{IMAGE}-python", f"{IMAGE}-node"
SUITE = "bookworm"  # whose python3 is 3.11
PACKAGES = "python3,python3-venv,ca-certificates,libstdc++6"
# As slim images leave them out.
LEFT_OUT = ("doc", "man", "locale")
BUILT_WITHIN_S = 900
EPOCH = 1577836800


def lacking() -> str | None:
    """Why no image can be built here."""
    if os.geteuid() != 0:
        return "it takes root to build an image without a daemon"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"{', '.join(missing)} missing: `make test` installs them as root" if missing else None


def run(
    *command: str | Path, within_s: float = 120, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """What a command says; it must end well."""
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=within_s, check=False)
    told = (done.stdout + done.stderr)[-4000:].decode(errors="replace")
    assert done.returncode == 0, f"{command[:3]} ended with {done.returncode}:\n{told}"
    return done


def build() -> str:
    """The image's name."""
    with tempfile.TemporaryDirectory() as folder:
        _bases(Path(folder))
        secrets, volumes = _told(Path(folder))
        revision = run("git", "-C", ROOT, "rev-parse", "HEAD").stdout.decode().strip()
        run(
            *("buildah", "bud", "--isolation", "chroot", "--network", "host", "--format", "docker"),
            *("--timestamp", str(EPOCH), "--tag", IMAGE),
            *("--build-arg", f"NODE_IMAGE={NODE}", "--build-arg", f"PYTHON_IMAGE={PYTHON}"),
            *("--build-arg", f"REVISION={revision}"),
            *(part for name, path in secrets for part in ("--secret", f"id={name},src={path}")),
            *(part for path in volumes for part in ("--volume", f"{path}:{path}:ro")),
            ROOT,
            within_s=BUILT_WITHIN_S,
        )
    return IMAGE


def _bases(folder: Path) -> None:
    """Python of the distribution, and the same with this machine's node."""
    archive = folder / "base.tar"
    _bootstrap(archive)
    with _container("scratch") as base:
        run("buildah", "add", base, archive, "/")
        run("buildah", "commit", base, PYTHON)
        node, npm = shutil.which("node"), shutil.which("npm")
        assert node
        assert npm
        modules = Path(npm).resolve().parents[1]
        start = folder / "npm"
        start.write_text(f'#!/bin/sh\nexec node {modules}/bin/npm-cli.js "$@"\n')
        start.chmod(0o755)
        run("buildah", "copy", base, Path(node).resolve(), "/usr/bin/node")
        run("buildah", "copy", base, modules, modules)
        run("buildah", "copy", base, start, "/usr/bin/npm")
        run("buildah", "commit", base, NODE)


def _bootstrap(archive: Path) -> None:
    sources = [
        *Path("/etc/apt").glob("sources.list"),
        *Path("/etc/apt/sources.list.d").glob("*.sources"),
        *Path("/etc/apt/sources.list.d").glob("*.list"),
    ]
    told = b"\n".join(each.read_bytes() for each in sources if b"debian" in each.read_bytes())
    options = [f"--aptopt={each}" for each in Path("/etc/apt/apt.conf.d").glob("99*")]
    leave = [f"--dpkgopt=path-exclude=/usr/share/{each}/*" for each in LEFT_OUT]
    run(
        *("mmdebstrap", "--variant=essential", f"--include={PACKAGES}", *leave, *options),
        *(SUITE, archive, "-"),
        within_s=BUILT_WITHIN_S,
        stdin=told,
    )


@contextmanager
def _container(of: str) -> Iterator[str]:
    name = run("buildah", "from", of).stdout.decode().strip()
    try:
        yield name
    finally:
        run("buildah", "rm", name)


def _told(folder: Path) -> tuple[list[tuple[str, Path]], list[str]]:
    """What pip and npm are told here, as secrets, and the folders that it names."""
    pip = folder / "pip.conf"
    config = ConfigParser()
    config["global"] = dict(_pip_settings())
    with pip.open("w") as file:
        config.write(file)
    npmrc = folder / "npmrc"
    npmrc.write_text("\n".join(f"{name}={value}" for name, value in _npm_settings()))
    texts = [value for _, value in (*_pip_settings(), *_npm_settings())]
    named = [urlsplit(word) for text in texts for word in text.split()]
    local = [each.path for each in named if each.scheme in ("", "file")]
    folders = {str(_folder(Path(path))) for path in local if path.startswith("/")}
    return [("pip", pip), ("npmrc", npmrc)], sorted(f for f in folders if Path(f).is_dir())


def _folder(path: Path) -> Path:
    """The folder to be seen by the build: of certificates that of all, of an index its root."""
    return path.parent if path.is_file() or path.name == "simple" else path


def _pip_settings() -> Sequence[tuple[str, str]]:
    """Of files and of the environment, which goes before them."""
    said = run("python3", "-m", "pip", "config", "list").stdout.decode().splitlines()
    found: dict[str, str] = {}
    for line in sorted(said, key=lambda each: each.startswith(":env:")):
        name, _, value = line.partition("=")
        if name.partition(".")[0] in ("global", ":env:"):
            found[name.partition(".")[2]] = value.strip("'").replace("\\n", " ")
    return list(found.items())


def _npm_settings() -> Sequence[tuple[str, str]]:
    wanted = ("registry", "cafile", "proxy", "https-proxy")
    found = [(name, run("npm", "config", "get", name).stdout.decode().strip()) for name in wanted]
    return [(name, value) for name, value in found if value not in ("null", "undefined", "")]
