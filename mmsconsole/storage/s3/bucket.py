"""Single calls to one bucket: each is bounded in time and says how it failed in our words."""

import base64
import hashlib
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

from mmsconsole.clock import Clock
from mmsconsole.errors import StorageUnreachable
from mmsconsole.storage.keys import is_key
from mmsconsole.storage.s3.failures import s3_errors
from mmsconsole.storage.urls import BucketUrl

Answer = dict[str, Any]
"""Of boto3."""
_MD5 = re.compile(r"[0-9a-f]{32}")


class Bucket:
    """What lies below one prefix of a bucket. Any number of threads may share it."""

    def __init__(self, client: Any, url: BucketUrl, clock: Clock, lock_days: int = 0) -> None:
        self.lock_days = lock_days
        self._client = client
        self._bucket = url.bucket
        self._prefix = f"{url.prefix}/" if url.prefix else ""
        self._place = f"s3://{url.bucket}/{url.prefix}".rstrip("/")
        self._clock = clock

    def call(self, method: str, key: str, **arguments: Any) -> Answer:
        """One request about one object."""
        with s3_errors(key, self._place):
            call = getattr(self._client, method)
            answer: Answer = call(Bucket=self._bucket, Key=self._prefix + key, **arguments)
            return answer

    def pages(self, method: str, below: str, after: str = "") -> Iterator[Answer]:
        """The answers of a listing of what begins with `below`, behind the key `after`, one
        request each.
        """
        arguments = {"Bucket": self._bucket, "Prefix": self._prefix + below}
        if after:
            arguments["StartAfter"] = self._prefix + after
        return self._pages(method, below, arguments)

    def pages_of(self, method: str, key: str, **arguments: Any) -> Iterator[Answer]:
        """As `pages`, of what belongs to one object."""
        named = {"Bucket": self._bucket, "Key": self._prefix + key, **arguments}
        return self._pages(method, key, named)

    def key_of(self, name: str) -> str | None:
        """Of a name in an answer; None if we never gave it."""
        key = name.removeprefix(self._prefix)
        return key if name.startswith(self._prefix) and is_key(key) else None

    def put(self, key: str, data: bytearray) -> None:
        """Returns when the server has confirmed these very bytes."""
        digest = md5(data)
        answer = self.call("put_object", key, Body=data, ContentMD5=encoded(digest), **self.lock())
        confirm(answer, digest, key)

    def read(self, key: str, **arguments: Any) -> bytes:
        answer = self.call("get_object", key, **arguments)
        with s3_errors(key, self._place), closing(answer["Body"]) as body:
            data: bytes = body.read()
        if len(data) != answer["ContentLength"]:
            raise StorageUnreachable("the answer broke off", where=f"{self._place}/{key}")
        return data

    def lock(self) -> Answer:
        """What a put says of the object's lock."""
        if not self.lock_days:
            return {}
        until = self.now() + timedelta(days=self.lock_days)
        return {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}

    def now(self) -> datetime:
        return self._clock.now()

    def _pages(self, method: str, key: str, arguments: Answer) -> Iterator[Answer]:
        with s3_errors(key, self._place):
            pages = iter(self._client.get_paginator(method).paginate(**arguments))
        while True:
            with s3_errors(key, self._place):
                page = next(pages, None)
            if page is None:
                return
            yield page


def md5(data: bytearray) -> bytes:
    """What the S3 protocol confirms bytes by; no security lies in it."""
    return hashlib.md5(data, usedforsecurity=False).digest()


def encoded(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def confirm(answer: Answer, digest: bytes, where: str) -> None:
    """Raises StorageUnreachable if the server has other bytes than were sent.

    An ETag of 32 hex digits is the MD5 of the bytes, except where the server encrypts with keys
    of its customer's. Elsewhere Content-MD5, which the server checks, has to do.
    """
    etag = answer.get("ETag", "").strip('"').lower()
    own_keys = answer.get("SSECustomerAlgorithm") or answer.get("SSEKMSKeyId")
    if not own_keys and _MD5.fullmatch(etag) and etag != digest.hex():
        raise StorageUnreachable("the server confirmed other bytes than were sent", where=where)
