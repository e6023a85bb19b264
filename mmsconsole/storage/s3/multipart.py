"""Large objects in parts: a put that failed goes on where it was, when it is called again."""

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from mmsconsole.errors import StorageError, StorageUnreachable
from mmsconsole.storage.s3.bucket import Bucket, confirm, encoded, md5
from mmsconsole.storage.s3.failures import UploadGone

log = logging.getLogger(__name__)

PART_BYTES = 16 << 20
"""At least 5 MiB; with 10,000 parts, which S3 allows, an object may have 160 GiB."""


class Part(NamedTuple):
    md5: bytes
    etag: str
    """What the server calls it; not always its md5."""


@dataclass(frozen=True, slots=True)
class Upload:
    """That has been begun. One thread works on it at a time."""

    id: str
    parts: dict[int, Part] = field(default_factory=dict)
    """What this process has sent, by number from 1."""


class Unfinished(NamedTuple):
    """An upload that the server keeps parts of."""

    key: str
    id: str
    begun_at: datetime


class Multipart:
    """The uploads of one bucket that this process has begun and not finished, by key."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._unfinished: dict[str, Upload] = {}
        self._lock = threading.Lock()

    def put(self, key: str, pieces: Iterable[bytearray]) -> int:
        """All but the last of 5 MiB at least. Returns the bytes of the object.

        After StorageUnreachable the same call goes on with the upload; after anything else the
        upload is given up.
        """
        upload = self._resumed(key) or self._begun(key)
        try:
            size = self._finish(key, upload, pieces)
        except UploadGone:
            raise
        except StorageUnreachable:
            self._keep(key, upload)
            raise
        except BaseException:
            self._give_up(key, upload)
            raise
        return size

    def unfinished(self) -> Iterator[Unfinished]:
        """All uploads of our objects, whoever has begun them."""
        for page in self._bucket.pages("list_multipart_uploads", ""):
            for upload in page.get("Uploads", []):
                key = self._bucket.key_of(upload["Key"])
                if key is not None:
                    yield Unfinished(key, upload["UploadId"], upload["Initiated"])

    def abort(self, key: str, id_: str) -> None:
        """No error where the server does not know it any more."""
        with suppress(UploadGone):
            self._bucket.call("abort_multipart_upload", key, UploadId=id_)

    def _begun(self, key: str) -> Upload:
        answer = self._bucket.call("create_multipart_upload", key, **self._bucket.lock())
        return Upload(answer["UploadId"])

    def _resumed(self, key: str) -> Upload | None:
        """With those of its parts that the server still has. None: there is none to go on with."""
        with self._lock:
            upload = self._unfinished.pop(key, None)
        if upload is None:
            return None
        try:
            there = dict(self._listed(key, upload.id))
        except UploadGone:
            return None
        except StorageUnreachable:
            self._keep(key, upload)
            raise
        kept = {n: part for n, part in upload.parts.items() if there.get(n) == part.etag}
        return Upload(upload.id, kept)

    def _listed(self, key: str, id_: str) -> Iterator[tuple[int, str]]:
        for page in self._bucket.pages_of("list_parts", key, UploadId=id_):
            for part in page.get("Parts", []):
                yield part["PartNumber"], part["ETag"]

    def _finish(self, key: str, upload: Upload, pieces: Iterable[bytearray]) -> int:
        size, count = 0, 0
        for piece in pieces:
            count += 1
            size += len(piece)
            self._send(key, upload, count, piece)
        numbers = range(1, count + 1)
        parts = [{"PartNumber": n, "ETag": upload.parts[n].etag} for n in numbers]
        self._bucket.call(
            "complete_multipart_upload", key, UploadId=upload.id,
            MultipartUpload={"Parts": parts},
        )  # fmt: skip
        stored = self._bucket.call("head_object", key)["ContentLength"]
        if stored != size:
            raise StorageError(f"the server keeps {stored} bytes of {size}", where=key)
        return size

    def _send(self, key: str, upload: Upload, number: int, piece: bytearray) -> None:
        digest = md5(piece)
        known = upload.parts.get(number)
        if known is not None and known.md5 == digest:
            return
        answer = self._bucket.call(
            "upload_part", key, UploadId=upload.id, PartNumber=number,
            Body=piece, ContentMD5=encoded(digest),
        )  # fmt: skip
        confirm(answer, digest, key)
        upload.parts[number] = Part(digest, answer["ETag"])

    def _keep(self, key: str, upload: Upload) -> None:
        with self._lock:
            self._unfinished[key] = upload

    def _give_up(self, key: str, upload: Upload) -> None:
        try:
            self.abort(key, upload.id)
        except StorageError as error:
            log.warning("an upload is left to the next sweep: %s", error)
