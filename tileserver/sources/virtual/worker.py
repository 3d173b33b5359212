"""A process that reads the metadata of files: `python -m tileserver.sources.virtual.worker`.

It asks its parent for bytes, over its standard output, and gets them by its standard input, so that
limits and credentials stay there; see `scanner`, which talks to it.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import struct
import sys
from contextlib import suppress
from typing import BinaryIO

from tileserver.errors import CatalogError
from tileserver.sources.virtual.blockfile import BlockFile
from tileserver.sources.virtual.hdf5 import scan_hdf5
from tileserver.sources.virtual.netcdf3 import MAGIC, scan_netcdf3
from tileserver.sources.virtual.tree import Virtual

LARGEST_MEMORY_NBYTES = 4 << 30
LARGEST_CPU_S = 600
HDF5, HDF4 = b"\x89HDF\r\n\x1a\n", b"\x0e\x03\x13\x01"
USER_BLOCK_NBYTES = 512

# Messages: a letter, and the length of what follows; of READ the first byte and the one after.
READ, DONE, REFUSED = b"R", b"D", b"E"
HEAD = struct.Struct("<cQQ")
LENGTH = struct.Struct("<Q")


def main() -> None:
    """Answers for file after file, until the parent has no more."""
    for limit, most in (
        (resource.RLIMIT_AS, LARGEST_MEMORY_NBYTES),
        (resource.RLIMIT_CPU, LARGEST_CPU_S),
    ):
        with suppress(ValueError, OSError):  # not all systems have it
            resource.setrlimit(limit, (most, most))
    source = sys.stdin.buffer
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print goes elsewhere
    while line := source.readline():
        asked = json.loads(line)
        try:
            answer = pickle.dumps(_scan(asked, source, out), protocol=5)
            kind = DONE
        except CatalogError as error:
            kind, answer = REFUSED, str(error).encode()
        except ImportError:
            kind, answer = REFUSED, b"NetCDF-4 and HDF5 need the package h5py: install it"
        except MemoryError:
            kind, answer = REFUSED, b"its metadata takes too much memory: rechunk it"
        except Exception as error:  # damaged files make readers stumble over anything
            kind, answer = REFUSED, f"the file's metadata is damaged ({error})".encode()
        out.write(HEAD.pack(kind, len(answer), 0) + answer)
        out.flush()


def _scan(asked: dict[str, object], source: BinaryIO, out: BinaryIO) -> Virtual:
    url, size = str(asked["url"]), int(str(asked["size"]))

    def fetch(start: int, stop: int) -> bytes:
        out.write(HEAD.pack(READ, start, stop))
        out.flush()
        (length,) = LENGTH.unpack(source.read(LENGTH.size))
        return source.read(length)

    file = BlockFile(fetch, size)
    head = file.read(max(len(HDF5), USER_BLOCK_NBYTES + len(HDF5))) or b""
    file.seek(0)
    if head.startswith(MAGIC):
        return scan_netcdf3(file, size, url)
    if head.startswith(HDF4):
        raise CatalogError("HDF4 files are not read: rewrite it as NetCDF-4 or Zarr")
    if not head.startswith(HDF5) and not head[USER_BLOCK_NBYTES:].startswith(HDF5):
        raise CatalogError("the file is neither NetCDF nor HDF5: check url")
    return scan_hdf5(file, size, url)


if __name__ == "__main__":
    main()
