"""The S3 server of the tests with a latency: folder, port, seconds before each answer."""

import signal
import sys
from pathlib import Path

from tests.s3 import S3Server

folder, port, latency_s = sys.argv[1:]
stops = {signal.SIGINT, signal.SIGTERM}
signal.pthread_sigmask(signal.SIG_BLOCK, stops)  # before threads start, which inherit it
with S3Server(folder, port=int(port), anonymous=True, buckets={"bench": Path(folder)}) as server:
    server.latency_s = float(latency_s)
    signal.sigwait(stops)
