"""Objects in an S3 bucket, or in any server that speaks S3, below one prefix."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import chain

from mmsconsole.clock import Clock
from mmsconsole.errors import ObjectCorrupt, ObjectLocked, ObjectMissing, StorageRefused
from mmsconsole.settings import StoreSettings
from mmsconsole.storage.base import Buffer, StoredObject
from mmsconsole.storage.keys import check_key
from mmsconsole.storage.pieces import pieces
from mmsconsole.storage.s3.bucket import Bucket
from mmsconsole.storage.s3.client import connect, parse_s3_url
from mmsconsole.storage.s3.multipart import PART_BYTES, Multipart

ABANDONED_AFTER = timedelta(days=1)
"""No write of ours lasts so long."""


def open_s3(store: StoreSettings, clock: Clock) -> "S3Storage":
    """Nothing is asked of the server. Raises SettingsError."""
    url = parse_s3_url(store.url.get_secret_value())
    return S3Storage(Bucket(connect(url, store.timeout_seconds), url, clock, store.lock_days))


class S3Storage:
    """Any number of threads and processes may share a bucket."""

    def __init__(self, bucket: Bucket, part_bytes: int = PART_BYTES) -> None:
        self._bucket = bucket
        self._part_bytes = part_bytes
        self._multipart = Multipart(bucket)

    def put(self, key: str, parts: Iterable[Buffer]) -> int:
        check_key(key)
        rest = pieces(parts, self._part_bytes)
        first = next(rest, bytearray())
        second = next(rest, None)
        if second is not None:
            return self._multipart.put(key, chain((first, second), rest))
        self._bucket.put(key, first)
        return len(first)

    def get(self, key: str) -> bytes:
        return self._bucket.read(check_key(key))

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        if length == 0:  # HTTP has no such range
            if self.size(key) < offset:
                raise ObjectCorrupt(f"ends before byte {offset}", where=key)
            return b""
        span = f"bytes={offset}-{offset + length - 1}"
        data = self._bucket.read(check_key(key), Range=span)
        if len(data) != length:
            raise ObjectCorrupt(f"ends before byte {offset + length}", where=key)
        return data

    def size(self, key: str) -> int:
        check_key(key)
        try:
            answer = self._bucket.call("head_object", key)
        except ObjectMissing:
            # An answer to HEAD has no words: a missing bucket looks the same. GET tells which.
            answer = self._bucket.call("get_object", key)
            answer["Body"].close()
        return int(answer["ContentLength"])

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        folder = f"{check_key(prefix.rstrip('/'))}/" if prefix else ""
        for page in self._bucket.pages("list_objects_v2", folder, after):
            for found in page.get("Contents", []):
                key = self._bucket.key_of(found["Key"])
                if key is not None:
                    yield StoredObject(key, found["Size"])

    def delete(self, key: str) -> None:
        """Raises ObjectLocked while its lock lasts."""
        check_key(key)
        if self._bucket.lock_days:
            self._delete_versions(key)
        else:
            self._bucket.call("delete_object", key)

    def free_bytes(self) -> int | None:
        return None

    def sweep(self) -> int:
        """Give up uploads that nobody goes on with: those that are a day old."""
        before = self._bucket.now() - ABANDONED_AFTER
        left = [upload for upload in self._multipart.unfinished() if upload.begun_at < before]
        for upload in left:
            self._multipart.abort(upload.key, upload.id)
        return len(left)

    def _delete_versions(self, key: str) -> None:
        """A bucket with locks keeps versions: the plain call would only hide the object."""
        for page in self._bucket.pages("list_object_versions", key):
            for version in page.get("Versions", []):
                if self._bucket.key_of(version["Key"]) == key:
                    self._delete_version(key, version["VersionId"])

    def _delete_version(self, key: str, version: str) -> None:
        try:
            self._bucket.call("delete_object", key, VersionId=version)
        except StorageRefused as error:
            head = self._bucket.call("head_object", key, VersionId=version)
            until = head.get("ObjectLockRetainUntilDate")
            if head.get("ObjectLockLegalHoldStatus") == "ON":
                raise ObjectLocked("a legal hold is on it", where=key) from error
            if until is not None and until > self._bucket.now():
                raise ObjectLocked(f"locked until {until:%Y-%m-%d %H:%M}Z", where=key) from error
            raise
