"""A small, real S3 server over a local directory tree, for tests and the demo.

    with S3Server(root, access_key="key", secret_key="secret") as s3:
        store = S3Store("bucket", endpoint=s3.url, ...)   # root/bucket/<key>
        s3.latency_s = 0.05                               # faults, changeable at run time
        s3.log                                            # one Request per request

Objects are files, buckets are directories. Signatures (version 4, in the headers) are verified.
Not kept: content types, user metadata, versions, access lists.
"""

from .server import Request, S3Server

__all__ = ["Request", "S3Server"]
