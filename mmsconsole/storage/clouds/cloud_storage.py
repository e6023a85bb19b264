"""Objects in Google Cloud Storage or Azure Blob Storage, by obstore.

    gs://BUCKET/PREFIX?service_account=FILE&endpoint=URL
    az://CONTAINER/PREFIX?account=NAME&endpoint=URL

Credentials come from where the clouds' own tools look for them. obstore has threads of its own:
a process that has used it must never os.fork(); it may start others (spawn, exec).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from itertools import chain
from operator import attrgetter
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, ObjectStore

from mmsconsole.errors import (
    ObjectCorrupt,
    ObjectMissing,
    SettingsError,
    StorageError,
)
from mmsconsole.settings import StoreSettings
from mmsconsole.storage.base import Buffer, StoredObject
from mmsconsole.storage.clouds.failures import HINT, cloud_errors, said_by
from mmsconsole.storage.keys import check_key, is_key
from mmsconsole.storage.pieces import pieces
from mmsconsole.storage.urls import WHERE, BucketUrl, check_endpoint, parse_bucket_url

PIECE_BYTES = 16 << 20
"""An object that is larger goes in pieces of that."""
PIECES_AT_ONCE = 2
CONNECT_SECONDS_MAX = 10.0


def open_gcs(store: StoreSettings) -> "CloudStorage":
    """Nothing is asked of the cloud. Raises SettingsError."""
    url = parse_bucket_url(store.url.get_secret_value(), ("service_account", "endpoint"))
    config = _given(url, service_account="service_account", endpoint="base_url")
    return CloudStorage(_made(GCSStore, url, config, store.timeout_seconds), url.bucket)


def open_azure(store: StoreSettings) -> "CloudStorage":
    """Nothing is asked of the cloud. Raises SettingsError."""
    url = parse_bucket_url(store.url.get_secret_value(), ("account", "endpoint"))
    config = _given(url, account="account_name", endpoint="endpoint")
    made = _made(AzureStore, url, config, store.timeout_seconds)
    return CloudStorage(made, url.bucket, ordered=False)


class CloudStorage:
    """Any number of threads may share it."""

    def __init__(
        self,
        store: ObjectStore,
        where: str,
        *,
        ordered: bool = True,
        piece_bytes: int = PIECE_BYTES,
    ) -> None:
        """`ordered`: whether its listings are in the order of whole keys. Those of an Azure
        account with folders (hierarchical namespace) are not."""
        self._store = store
        self._where = where
        self._ordered = ordered
        self._piece_bytes = piece_bytes

    def put(self, key: str, parts: Iterable[Buffer]) -> int:
        check_key(key)
        rest = pieces(parts, self._piece_bytes)
        first = next(rest, bytearray())
        second = next(rest, None)
        if second is None:
            with cloud_errors(key):
                obstore.put(self._store, key, bytes(first), use_multipart=False)
            return len(first)
        return self._put_large(key, chain((first, second), rest))

    def get(self, key: str) -> bytes:
        check_key(key)
        with self._reading(key):
            return bytes(obstore.get(self._store, key).bytes())

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        check_key(key)
        if length == 0:  # HTTP has no such range
            if self.size(key) < offset:
                raise ObjectCorrupt(f"ends before byte {offset}", where=key)
            return b""
        with self._reading(key):
            data = bytes(obstore.get_range(self._store, key, start=offset, length=length))
        if len(data) != length:
            raise ObjectCorrupt(f"ends before byte {offset + length}", where=key)
        return data

    def size(self, key: str) -> int:
        check_key(key)
        with self._reading(key):
            return int(obstore.head(self._store, key)["size"])

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        folder = check_key(prefix.rstrip("/")) if prefix else None
        found = self._listed(folder, after)
        yield from found if self._ordered else sorted(found, key=attrgetter("key"))

    def delete(self, key: str) -> None:
        check_key(key)
        with suppress(ObjectMissing), cloud_errors(key):
            obstore.delete(self._store, key)

    def free_bytes(self) -> int | None:
        return None

    def sweep(self) -> int:
        """What dead writes left can not be listed: the cloud takes it away (docs/storage.md)."""
        return 0

    def _put_large(self, key: str, rest: Iterable[bytearray]) -> int:
        counted = _Counted(rest)
        with cloud_errors(key):
            obstore.put(
                self._store,
                key,
                iter(counted),
                use_multipart=True,
                chunk_size=self._piece_bytes,
                max_concurrency=PIECES_AT_ONCE,
            )
        stored = self.size(key)
        if stored != counted.bytes:
            raise StorageError(f"the cloud keeps {stored} bytes of {counted.bytes}", where=key)
        return stored

    def _listed(self, folder: str | None, after: str = "") -> Iterator[StoredObject]:
        with cloud_errors(folder or self._where):
            pages = obstore.list(self._store, folder, offset=after or None)
        while True:
            with cloud_errors(folder or self._where):
                page = next(pages, None)
            if page is None:
                return
            yield from (StoredObject(o["path"], o["size"]) for o in page if is_key(o["path"]))

    @contextmanager
    def _reading(self, key: str) -> Iterator[None]:
        """An object that is missing, and a bucket that is, look alike: listing tells them apart."""
        try:
            with cloud_errors(key):
                yield
        except ObjectMissing:
            next(self._listed(None), None)
            raise


class _Counted:
    """Pieces on their way to a put, and how many bytes they were."""

    def __init__(self, rest: Iterable[bytearray]) -> None:
        self._rest = rest
        self.bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._rest:
            self.bytes += len(piece)
            yield bytes(piece)


def _given(url: BucketUrl, **names: str) -> dict[str, str]:
    """The parameters of the URL under obstore's names."""
    return {names[name]: value for name, value in url.parameters.items()}


def _made(
    kind: type[GCSStore] | type[AzureStore],
    url: BucketUrl,
    config: dict[str, str],
    timeout_seconds: float,
) -> GCSStore | AzureStore:
    endpoint = url.parameters.get("endpoint")
    if endpoint is not None:
        check_endpoint(endpoint)
    options: Any = {
        "timeout": timedelta(seconds=timeout_seconds),
        "connect_timeout": timedelta(seconds=min(timeout_seconds, CONNECT_SECONDS_MAX)),
        "allow_http": (endpoint or "").startswith("http://"),
    }
    try:
        # Its own tries are off: the wrapper tries again.
        return kind(
            url.bucket,
            prefix=url.prefix or None,
            config=config,  # type: ignore[arg-type]
            client_options=options,
            retry_config={"max_retries": 0},
        )
    except (BaseError, ValueError) as error:
        raise SettingsError(said_by(error), where=WHERE, hint=HINT) from error
