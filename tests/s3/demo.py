"""`python -m tests.s3.demo DIR FLAG…`: serve the demo cubes in a folder, but from an S3 server.

The flags are those of `tileserver serve`. The store takes a free port and a new secret each time;
both end together.
"""

import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

from tests.s3 import S3Server
from tileserver.demo import catalog_s3

BUCKET = "demo"


def main(folder: str, *flags: str) -> int:
    """The exit status of the server."""
    directory = Path(folder).resolve()
    access_key, secret_key = "demo", secrets.token_hex(16)
    keys = {"DEMO_ACCESS_KEY_ID": access_key, "DEMO_SECRET_ACCESS_KEY": secret_key}
    with S3Server(
        directory, access_key=access_key, secret_key=secret_key, buckets={BUCKET: directory}
    ) as store:
        catalog = catalog_s3(directory, endpoint=store.url, bucket=BUCKET)
        command = [sys.executable, "-m", "tileserver", "serve", "--catalog", str(catalog), *flags]
        with subprocess.Popen(command, env={**os.environ, **keys}) as server:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: server.terminate())
            return server.wait()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
