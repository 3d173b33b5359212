"""`python -m tests.s3 --root DIR --port N`: serve a directory of buckets until interrupted."""

import argparse
import os
import signal
from pathlib import Path

from .server import S3Server


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.s3", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="the folder of the buckets")
    parser.add_argument("--bucket", action="append", default=[], metavar="NAME=DIR")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--anonymous", action="store_true", help="let unsigned requests read")
    parser.add_argument(
        "--credentials",
        default="DEMO_",
        metavar="PREFIX",
        help="prefix of the environment's ACCESS_KEY_ID and SECRET_ACCESS_KEY",
    )
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()
    server = S3Server(
        args.root,
        access_key=os.environ[f"{args.credentials}ACCESS_KEY_ID"],
        secret_key=os.environ[f"{args.credentials}SECRET_ACCESS_KEY"],
        region=args.region,
        anonymous=args.anonymous,
        buckets={name: Path(path) for name, _, path in (b.partition("=") for b in args.bucket)},
        port=args.port,
    )
    stops = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)  # before threads start, which inherit it
    with server:
        print(server.url, flush=True)
        signal.sigwait(stops)


if __name__ == "__main__":
    main()
