"""Objects as files: where a key lies, what it holds, and which keys a bucket has."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from .message import S3Error

NO_SUCH_KEY = S3Error(404, "NoSuchKey", "The specified key does not exist.")


@dataclass(frozen=True, slots=True)
class Entry:
    """An object's size in bytes, its time of change and its entity tag (of the file's identity)."""

    size: int
    modified: datetime
    etag: str

    @classmethod
    def of(cls, stat: os.stat_result) -> "Entry":
        modified = datetime.fromtimestamp(int(stat.st_mtime), UTC)
        tag = f"{stat.st_mtime_ns:x}-{stat.st_ino:x}-{stat.st_size:x}"
        return cls(stat.st_size, modified, f'"{tag}"')


@dataclass(frozen=True, slots=True)
class Directory:
    """`root/<bucket>/<key>`; `buckets` names buckets that lie elsewhere."""

    root: Path
    buckets: Mapping[str, Path]

    def bucket(self, name: str) -> Path:
        path = self.buckets.get(name, self.root / name)
        if not name or "/" in name or name.startswith(".") or "\0" in name or not path.is_dir():
            raise S3Error(404, "NoSuchBucket", "The specified bucket does not exist")
        return path.resolve()

    def create_bucket(self, name: str) -> None:
        if not name.replace("-", "").replace(".", "").isalnum() or name.startswith("."):
            raise S3Error(400, "InvalidBucketName", "The specified bucket is not valid.")
        (self.root / name).mkdir(exist_ok=True)

    def locate(self, bucket: str, key: str) -> Path:
        """The file of a key, which lies under its bucket whatever the key says."""
        folder = self.bucket(bucket)
        if "\0" in key or not {"", ".", ".."}.isdisjoint(key.split("/")):
            raise S3Error(400, "InvalidURI", "keys with NUL or empty, . or .. parts are not kept")
        path = (folder / key).resolve()
        if not path.is_relative_to(folder):
            raise S3Error(400, "InvalidURI", "the key leads out of its bucket")
        return path

    def find(self, bucket: str, key: str) -> tuple[Path, Entry]:
        """An object's file and entry; a key that cannot exist is one that does not."""
        self.bucket(bucket)
        try:
            path = self.locate(bucket, key)
            if path.is_file():
                return path, Entry.of(path.stat())
        except (S3Error, OSError):
            pass  # `..` and names that the file system refuses
        raise NO_SUCH_KEY

    def write(self, bucket: str, key: str, data: bytes) -> Entry:
        path = self.locate(bucket, key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=path.parent, prefix=".upload-", delete=False) as file:
                file.write(data)
            os.replace(file.name, path)
        except OSError:
            message = "a file or folder of that name is in the way"
            raise S3Error(409, "InvalidRequest", message) from None
        return Entry.of(path.stat())

    def delete(self, bucket: str, key: str) -> None:
        """Remove an object and the folders that it leaves empty; one that is absent is no error."""
        folder, path = self.bucket(bucket), self.locate(bucket, key)
        if not path.is_file():
            return
        path.unlink()
        for parent in path.parents:
            if parent == folder or any(parent.iterdir()):
                return
            parent.rmdir()

    def keys(self, bucket: str, prefix: str) -> list[tuple[str, Path]]:
        """The keys that start with `prefix`, in the order of their UTF-8 bytes."""
        folder = self.bucket(bucket)
        start = prefix.rpartition("/")[0]
        if "\0" in prefix or ".." in start.split("/"):
            return []
        found = ((path.relative_to(folder).as_posix(), path) for path in walk_files(folder / start))
        return sorted(
            (item for item in found if item[0].startswith(prefix)),
            key=lambda item: item[0].encode(),
        )


def walk_files(folder: Path) -> Iterator[Path]:
    for path, _, names in os.walk(folder):
        for name in names:
            yield Path(path, name)
