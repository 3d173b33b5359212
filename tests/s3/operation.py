"""The operations of S3 that are served, each a function from a call to an answer."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import format_datetime, parsedate_to_datetime
from itertools import count
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

from .listing import list_objects
from .message import Answer, Call, S3Error, element, text, xml_answer
from .objects import Directory, Entry

MIN_PART_BYTES = 5 << 20  # "Amazon S3 multipart upload limits"
RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(slots=True)
class Upload:
    bucket: str
    key: str
    parts: dict[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Service:
    """Answers verified calls; parts of unfinished uploads are kept in memory."""

    directory: Directory
    uploads: dict[str, Upload] = field(default_factory=dict)
    upload_ids: "count[int]" = field(default_factory=lambda: count(1))

    def answer(self, call: Call) -> Answer:
        operations = OBJECT_OPERATIONS if call.key else BUCKET_OPERATIONS
        for method, params, operation in operations:
            if call.method == method and all(call.param(p) is not None for p in params):
                return operation(self, call)
        raise S3Error(405, "MethodNotAllowed", "The method is not allowed against this resource.")

    def upload(self, call: Call) -> Upload:
        upload = self.uploads.get(call.param("uploadId") or "")
        if upload is None or (upload.bucket, upload.key) != (call.bucket, call.key):
            raise S3Error(404, "NoSuchUpload", "The specified upload does not exist.")
        return upload


def get_object(service: Service, call: Call) -> Answer:
    path, entry = service.directory.find(call.bucket, call.key)
    headers = entry_headers(entry)
    if not_modified(call, entry):
        return Answer(304, headers)
    span = parse_range(call.headers.get("range", ""), entry.size)
    if span is None:
        return Answer(200, headers, path.read_bytes())
    start, stop = span
    headers["content-range"] = f"bytes {start}-{stop - 1}/{entry.size}"
    return Answer(206, headers, read_part(path, start, stop))


def entry_headers(entry: Entry) -> dict[str, str]:
    return {
        "etag": entry.etag,
        "last-modified": format_datetime(entry.modified, usegmt=True),
        "accept-ranges": "bytes",
        "content-type": "application/octet-stream",
    }


def read_part(path: Path, start: int, stop: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(stop - start)


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """The half-open byte span asked for; None (the whole object) if the header is no single range.

    Raises:
        S3Error: 416 if no byte of the object lies in it.
    """
    match = RANGE.fullmatch(header)
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        start, stop = max(size - int(last), 0), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= stop:
        raise S3Error(416, "InvalidRange", "The requested range is not satisfiable")
    return start, stop


def not_modified(call: Call, entry: Entry) -> bool:
    """Whether a read needs no body (RFC 9110, section 13.2.2).

    Raises:
        S3Error: 412 if the object is not the one that the caller requires.
    """
    check_if_match(call, entry)
    if (tags := call.headers.get("if-none-match")) is not None:
        return matches(tags, entry)
    since = call.headers.get("if-modified-since")
    return since is not None and entry.modified <= parsedate_to_datetime(since)


def check_if_match(call: Call, entry: Entry | None) -> None:
    tags, since = call.headers.get("if-match"), call.headers.get("if-unmodified-since")
    failed = tags is not None and (entry is None or not matches(tags, entry))
    if tags is None and since is not None and entry is not None:
        failed = entry.modified > parsedate_to_datetime(since)
    if failed:
        raise S3Error(412, "PreconditionFailed", "A precondition of the request did not hold")


def matches(tags: str, entry: Entry) -> bool:
    given = {tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")}
    return "*" in given or entry.etag.strip('"') in given


def put_object(service: Service, call: Call) -> Answer:
    check_write(service, call)
    entry = service.directory.write(call.bucket, call.key, call.body)
    return Answer(200, {"etag": entry.etag})


def check_write(service: Service, call: Call) -> None:
    """Refuse to replace an object against If-Match or If-None-Match."""
    try:
        entry = service.directory.find(call.bucket, call.key)[1]
    except S3Error as error:
        if error.code == "NoSuchBucket":
            raise
        entry = None
    check_if_match(call, entry)
    tags = call.headers.get("if-none-match")
    if tags is not None and entry is not None and matches(tags, entry):
        raise S3Error(412, "PreconditionFailed", "The object is there already")


def copy_object(service: Service, call: Call) -> Answer:
    source = unquote(call.headers["x-amz-copy-source"]).lstrip("/")
    bucket, _, key = source.partition("/")
    path, _ = service.directory.find(bucket, key)
    entry = service.directory.write(call.bucket, call.key, path.read_bytes())
    return xml_answer("CopyObjectResult", text("ETag", entry.etag))


def put_or_copy(service: Service, call: Call) -> Answer:
    operation = copy_object if "x-amz-copy-source" in call.headers else put_object
    return operation(service, call)


def delete_object(service: Service, call: Call) -> Answer:
    service.directory.delete(call.bucket, call.key)
    return Answer(204)


def delete_objects(service: Service, call: Call) -> Answer:
    keys = [node.text or "" for node in parse_xml(call.body) if node.tag == "Key"]
    for key in keys:
        service.directory.delete(call.bucket, key)
    return xml_answer("DeleteResult", *(element("Deleted", text("Key", key)) for key in keys))


def parse_xml(body: bytes) -> list[ElementTree.Element]:
    """All elements of a document, their namespaces dropped."""
    if b"<!" in body:
        raise S3Error(400, "MalformedXML", "The XML must hold no declarations")
    try:
        nodes = list(ElementTree.fromstring(body).iter())
    except ElementTree.ParseError:
        raise S3Error(400, "MalformedXML", "The XML you provided was not well-formed") from None
    for node in nodes:
        node.tag = node.tag.rpartition("}")[2]
    return nodes


def create_upload(service: Service, call: Call) -> Answer:
    service.directory.locate(call.bucket, call.key)
    upload_id = f"upload-{next(service.upload_ids)}"
    service.uploads[upload_id] = Upload(call.bucket, call.key)
    children = text("Bucket", call.bucket), text("Key", call.key), text("UploadId", upload_id)
    return xml_answer("InitiateMultipartUploadResult", *children)


def upload_part(service: Service, call: Call) -> Answer:
    number = call.param("partNumber") or ""
    if not (number.isdecimal() and 1 <= int(number) <= 10_000):
        raise S3Error(400, "InvalidArgument", "partNumber: expected 1 to 10000")
    service.upload(call).parts[int(number)] = call.body
    return Answer(200, {"etag": part_etag(call.body)})


def part_etag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


def complete_upload(service: Service, call: Call) -> Answer:
    upload = service.upload(call)
    parts = listed_parts(upload, call.body)
    if any(len(part) < MIN_PART_BYTES for part in parts[:-1]):
        raise S3Error(400, "EntityTooSmall", "A part but the last is smaller than 5 MiB")
    check_write(service, call)
    entry = service.directory.write(call.bucket, call.key, b"".join(parts))
    del service.uploads[call.param("uploadId") or ""]
    children = text("Bucket", call.bucket), text("Key", call.key), text("ETag", entry.etag)
    return xml_answer("CompleteMultipartUploadResult", *children)


def listed_parts(upload: Upload, body: bytes) -> list[bytes]:
    """The parts in the order of the client's list, which must rise and repeat their tags."""
    nodes = [node for node in parse_xml(body) if node.tag == "Part"]
    listed = [(int(part_text(n, "PartNumber")), part_text(n, "ETag").strip('"')) for n in nodes]
    if not listed or listed != sorted(listed):
        raise S3Error(400, "InvalidPartOrder", "The list of parts was not in ascending order.")
    parts = [(upload.parts.get(number), etag) for number, etag in listed]
    if any(data is None or part_etag(data).strip('"') != etag for data, etag in parts):
        raise S3Error(400, "InvalidPart", "One or more of the specified parts could not be found.")
    return [data for data, _ in parts if data is not None]


def part_text(node: ElementTree.Element, name: str) -> str:
    child = next((child for child in node if child.tag == name), None)
    return "0" if child is None else child.text or "0"


def abort_upload(service: Service, call: Call) -> Answer:
    service.upload(call)
    del service.uploads[call.param("uploadId") or ""]
    return Answer(204)


def head_bucket(service: Service, call: Call) -> Answer:
    service.directory.bucket(call.bucket)
    return Answer(200)


def create_bucket(service: Service, call: Call) -> Answer:
    service.directory.create_bucket(call.bucket)
    return Answer(200, {"location": f"/{call.bucket}"})


def list_bucket(service: Service, call: Call) -> Answer:
    return list_objects(service.directory, call)


Operation = Callable[[Service, Call], Answer]

# The first row whose method and parameters a call has is the one that answers it.
OBJECT_OPERATIONS: tuple[tuple[str, tuple[str, ...], Operation], ...] = (
    ("GET", (), get_object),
    ("HEAD", (), get_object),
    ("PUT", ("partNumber", "uploadId"), upload_part),
    ("PUT", (), put_or_copy),
    ("DELETE", ("uploadId",), abort_upload),
    ("DELETE", (), delete_object),
    ("POST", ("uploads",), create_upload),
    ("POST", ("uploadId",), complete_upload),
)
BUCKET_OPERATIONS: tuple[tuple[str, tuple[str, ...], Operation], ...] = (
    ("GET", ("list-type",), list_bucket),
    ("HEAD", (), head_bucket),
    ("PUT", (), create_bucket),
    ("POST", ("delete",), delete_objects),
)
