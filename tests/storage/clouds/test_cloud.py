"""What obstore carries: the contract over its storage in memory, and how a cloud is named."""

import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import obstore
import pytest
from obstore.exceptions import GenericError, PermissionDeniedError, UnauthenticatedError
from obstore.store import AzureStore, GCSStore, MemoryStore

from mmsconsole.errors import (
    ObjectCorrupt,
    ObjectMissing,
    SettingsError,
    StorageError,
    StorageRefused,
    StorageUnreachable,
)
from mmsconsole.settings import StoreSettings
from mmsconsole.storage.clouds.cloud_storage import CloudStorage, open_azure, open_gcs
from mmsconsole.storage.clouds.failures import cloud_errors
from mmsconsole.storage.open import open_url
from tests.storage.contract import StorageContract, keys
from tests.support.clock import ManualClock

PIECE = 1000
ENVIRONMENT = ("GOOGLE_", "AZURE_", "MSI_", "IDENTITY_")


@pytest.fixture(autouse=True)
def no_cloud_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(ENVIRONMENT):
            monkeypatch.delenv(name)


@pytest.fixture
def storage() -> CloudStorage:
    return CloudStorage(MemoryStore(), "memory", piece_bytes=PIECE)


class TestCloudStorage(StorageContract):
    pass


def test_a_cloud_that_lists_in_another_order_is_put_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As an Azure account with folders does: a/b before a-b."""
    listed = [
        [{"path": "a/b", "size": 1}, {"path": "a-b", "size": 1}],
        [{"path": "a.b", "size": 1}],
    ]
    monkeypatch.setattr(obstore, "list", lambda *_, **__: iter(listed))
    assert keys(CloudStorage(MemoryStore(), "az", ordered=False), "") == ["a-b", "a.b", "a/b"]


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 10 * PIECE, 10 * PIECE + 7])
def test_an_object_of_any_number_of_pieces_is_whole(storage: CloudStorage, size: int) -> None:
    data = bytes(number % 251 for number in range(size))
    assert storage.put("a/k", [data[:700], data[700:]]) == size
    assert storage.get("a/k") == data


def test_a_large_put_whose_parts_fail_leaves_the_old_object(storage: CloudStorage) -> None:
    def parts() -> Iterator[bytes]:
        yield b"x" * 5 * PIECE
        raise StorageError("a source that fails")

    storage.put("a/k", [b"old"])
    with pytest.raises(StorageError, match="a source that fails"):
        storage.put("a/k", parts())
    assert storage.get("a/k") == b"old"


def test_foreign_names_are_not_listed() -> None:
    memory = MemoryStore()
    for name in ("a/k", "a b", ".hidden", "a/.tmp"):
        obstore.put(memory, name, b"x")
    assert keys(CloudStorage(memory, "memory"), "") == ["a/k"]


def opened(kind: str, **keys_: Any) -> CloudStorage:
    store = StoreSettings.model_validate(keys_)
    return open_gcs(store) if kind == "gs" else open_azure(store)


def test_a_bucket_of_google_is_named_by_its_url() -> None:
    made = opened("gs", url="gs://bucket/a/b?endpoint=http://127.0.0.1:1")._store
    assert isinstance(made, GCSStore)
    assert (made.config["bucket"], made.prefix) == ("bucket", "a/b")


def test_a_container_of_azure_is_named_by_its_url() -> None:
    made = opened("az", url="az://container/a?account=acc")._store
    assert isinstance(made, AzureStore)
    assert (made.config["container_name"], made.config["account_name"]) == ("container", "acc")
    assert made.prefix == "a"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("gs://bucket?service_account=/not/there.json", "service account"),
        ("gs://bucket?nosuch=1", "no parameter"),
        ("gs://bucket?endpoint=bucket.example", "endpoint"),
        ("az://container", "[Aa]ccount"),
        ("az://account:key@container", "credentials do not belong"),
    ],
)
def test_a_wrong_url_is_refused_when_it_is_opened(url: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        opened(url[:2], url=url)
    assert caught.value.where == "url"
    assert caught.value.hint


@pytest.mark.parametrize("kind", ["gs", "az"])
def test_a_dead_endpoint_fails_after_its_tries(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setenv("GOOGLE_BEARER_TOKEN", "token")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "a2V5")
    account = "&account=acc" if kind == "az" else ""
    url = f"{kind}://bucket/a?endpoint=http://127.0.0.1:1{account}"
    clock = ManualClock(auto_advance=True)
    storage = open_url(StoreSettings.model_validate({"url": url, "tries": 3}), clock)

    for call in (
        lambda: storage.put("k", [b"x"]),
        lambda: storage.get("k"),
        lambda: storage.get_range("k", 0, 1),
        lambda: list(storage.list("")),
        lambda: storage.delete("k"),
    ):
        clock.slept.clear()
        with pytest.raises(StorageUnreachable):
            call()
        assert len(clock.slept) == 2


class Answering(BaseHTTPRequestHandler):
    """A cloud that gives the same answer to everything."""

    status = 500

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD = answer  # noqa: N815 - names of the base class

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("kind", ["gs", "az"])
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, StorageRefused),
        (403, StorageRefused),
        (404, StorageRefused),  # everything is missing: the bucket is
        (416, ObjectCorrupt),
        (418, StorageError),
        (429, StorageUnreachable),
        (503, StorageUnreachable),
    ],
)
def test_what_a_cloud_answers_is_understood(
    monkeypatch: pytest.MonkeyPatch, kind: str, status: int, error: type[StorageError]
) -> None:
    monkeypatch.setenv("GOOGLE_BEARER_TOKEN", "token")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "a2V5")
    handler = type("Handler", (Answering,), {"status": status})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        account = "&account=acc" if kind == "az" else ""
        url = f"{kind}://bucket/a?endpoint=http://127.0.0.1:{server.server_port}{account}"
        with pytest.raises(StorageError) as caught:
            opened(kind, url=url).get_range("k", 0, 1)
        server.shutdown()
        thread.join(60)
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (FileNotFoundError("Object at location k not found"), ObjectMissing),
        (UnauthenticatedError("no token"), StorageRefused),
        (PermissionDeniedError("not yours"), StorageRefused),
        (GenericError("Error performing GET: status code: 503 Slow down"), StorageUnreachable),
        (GenericError("Error performing GET: status code: 429 Too many"), StorageUnreachable),
        (GenericError("Error performing PUT: status code: 400 Bad Request"), StorageError),
        (GenericError("Error performing token request: status code: 403 No"), StorageRefused),
        (GenericError("Error performing GET: status code: 416 Range"), ObjectCorrupt),
        (GenericError("HTTP error: error sending request"), StorageUnreachable),
    ],
)
def test_an_error_becomes_one_of_ours(error: Exception, kind: type[StorageError]) -> None:
    with pytest.raises(StorageError) as caught, cloud_errors("a/k"):
        raise error
    assert type(caught.value) is kind
    assert caught.value.where == "a/k"


def test_a_signature_in_a_url_is_not_told() -> None:
    error = GenericError("Error performing GET http://h/c/k?sv=1&sig=SECRET in 1s\n\nDebug: more")
    with pytest.raises(StorageUnreachable) as caught, cloud_errors("a/k"):
        raise error
    assert str(caught.value) == "a/k: Error performing GET http://h/c/k in 1s"
