"""A bucket as storage, against a real S3 server process on loopback."""

import hashlib
import socket
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from mmsconsole.clock import SystemClock
from mmsconsole.errors import ObjectLocked, StorageError, StorageRefused, StorageUnreachable
from mmsconsole.storage.base import Storage
from mmsconsole.storage.open import open_url
from mmsconsole.storage.s3.bucket import Bucket
from mmsconsole.storage.s3.client import CONNECT_SECONDS_MAX, connect, parse_s3_url
from mmsconsole.storage.s3.s3_storage import ABANDONED_AFTER, S3Storage, open_s3
from tests.storage.contract import StorageContract, keys
from tests.support.clock import ManualClock
from tests.support.s3 import KEYS_PER_ANSWER, SECRET, S3Server

pytestmark = [pytest.mark.usefixtures("s3_server"), pytest.mark.xdist_group("s3")]

PART = 5 << 20
"""The least that S3 takes."""


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    return s3_server.bucket()


@pytest.fixture(scope="session")
def client(s3_server: S3Server) -> Any:
    """The product's own, shared: to make one takes a moment."""
    return connect(parse_s3_url(s3_server.url("any")), 60)


@pytest.fixture
def storage(s3_server: S3Server, client: Any, bucket: str, manual_clock: ManualClock) -> S3Storage:
    return S3Storage(Bucket(client, parse_s3_url(s3_server.url(bucket)), manual_clock))


class TestS3Storage(StorageContract):
    pass


def requests_of(storage: S3Storage) -> list[str]:
    """From now on, the operations that it asks of the server."""
    asked: list[str] = []
    storage._bucket._client.meta.events.register(
        "before-send.s3", lambda event_name, **_: asked.append(event_name.rpartition(".")[2])
    )
    return asked


class Interrupted:
    """Fails the nth request of one operation, before it is sent or after it was answered."""

    def __init__(self, storage: S3Storage, operation: str, nth: int, *, after: bool) -> None:
        self._left = nth
        events = storage._bucket._client.meta.events
        events.register(f"{'needs-retry' if after else 'before-send'}.s3.{operation}", self._called)

    def _called(self, **_: Any) -> None:
        self._left -= 1
        if self._left == 0:
            raise EndpointConnectionError(endpoint_url="http://cut.off")


def parts_of(count: int) -> list[bytes]:
    """`count` different parts of PART bytes, and a short one."""
    return [*(bytes([65 + n]) * PART for n in range(count)), b"the end"]


@pytest.fixture
def parted(s3_server: S3Server, bucket: str, manual_clock: ManualClock) -> S3Storage:
    """Its objects have several parts from 5 MiB on."""
    url = parse_s3_url(s3_server.url(bucket))
    return S3Storage(Bucket(connect(url, 60), url, manual_clock), part_bytes=PART)


def test_a_small_object_is_one_request(parted: S3Storage) -> None:
    asked = requests_of(parted)
    parted.put("a/k", [b"x" * 1000] * 1000)
    assert asked == ["PutObject"]


def test_a_large_object_is_whole_in_the_end(parted: S3Storage) -> None:
    parts = parts_of(2)
    asked = requests_of(parted)

    assert parted.put("a/large", parts) == 2 * PART + 7

    assert parted.get("a/large") == b"".join(parts)
    assert parted.get_range("a/large", 2 * PART - 1, 3) == b"Bth"
    assert asked.count("UploadPart") == 3


@pytest.mark.parametrize("after", [False, True], ids=["a part is lost", "its answer is lost"])
def test_a_put_that_is_called_again_sends_only_what_did_not_arrive(
    parted: S3Storage, *, after: bool
) -> None:
    parts = parts_of(3)
    Interrupted(parted, "UploadPart", 3, after=after)
    with pytest.raises(StorageUnreachable):
        parted.put("a/large", parts)
    asked = requests_of(parted)

    parted.put("a/large", parts)

    assert asked == ["ListParts", *["UploadPart"] * 2, "CompleteMultipartUpload", "HeadObject"]
    assert parted.get("a/large") == b"".join(parts)
    assert list(parted._multipart.unfinished()) == []


def test_other_bytes_under_the_same_name_are_sent_where_they_differ(parted: S3Storage) -> None:
    Interrupted(parted, "UploadPart", 4, after=False)
    with pytest.raises(StorageUnreachable):
        parted.put("a/large", parts_of(4))
    asked = requests_of(parted)

    other = [b"A" * PART, b"end"]
    parted.put("a/large", other)

    assert asked.count("UploadPart") == 1
    assert parted.get("a/large") == b"".join(other)


def test_a_part_that_the_server_has_otherwise_is_sent_again(
    s3_server: S3Server, parted: S3Storage, bucket: str
) -> None:
    parts = parts_of(2)
    Interrupted(parted, "UploadPart", 3, after=False)
    with pytest.raises(StorageUnreachable):
        parted.put("a/large", parts)
    (upload,) = parted._multipart.unfinished()
    s3_server.client.upload_part(
        Bucket=bucket, Key="backups/here/a/large", UploadId=upload.id, PartNumber=1,
        Body=b"somebody else's",
    )  # fmt: skip

    parted.put("a/large", parts)

    assert parted.get("a/large") == b"".join(parts)


def test_an_upload_that_somebody_else_has_given_up_begins_anew(parted: S3Storage) -> None:
    parts = parts_of(2)
    Interrupted(parted, "UploadPart", 2, after=False)
    with pytest.raises(StorageUnreachable):
        parted.put("a/large", parts)
    for upload in parted._multipart.unfinished():
        parted._multipart.abort(upload.key, upload.id)

    parted.put("a/large", parts)

    assert parted.get("a/large") == b"".join(parts)


def test_an_answer_that_was_lost_at_the_very_end_is_no_harm(parted: S3Storage) -> None:
    parts = parts_of(1)
    Interrupted(parted, "CompleteMultipartUpload", 1, after=True)
    with pytest.raises(StorageUnreachable):
        parted.put("a/large", parts)

    parted.put("a/large", parts)

    assert parted.get("a/large") == b"".join(parts)


def test_a_large_put_whose_parts_fail_leaves_no_upload(parted: S3Storage) -> None:
    def parts() -> Iterator[bytes]:
        yield from parts_of(2)
        raise StorageError("a source that fails")

    with pytest.raises(StorageError, match="a source that fails"):
        parted.put("a/large", parts())

    assert keys(parted, "") == []
    assert list(parted._multipart.unfinished()) == []


def test_uploads_that_dead_writers_left_are_swept_after_a_day(
    s3_server: S3Server, parted: S3Storage, bucket: str, manual_clock: ManualClock
) -> None:
    client = s3_server.client
    client.create_multipart_upload(Bucket=bucket, Key="somebody/elses")
    for name in ("a/one", "a/two"):
        client.create_multipart_upload(Bucket=bucket, Key=f"backups/here/{name}")
    (begun_at, _) = [upload.begun_at for upload in parted._multipart.unfinished()]

    manual_clock.set(begun_at + ABANDONED_AFTER)
    assert parted.sweep() == 0
    manual_clock.set(begun_at + ABANDONED_AFTER + timedelta(seconds=1))
    assert parted.sweep() == 2

    left = client.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert [upload["Key"] for upload in left] == ["somebody/elses"]


def test_more_objects_than_one_answer_holds_are_listed_in_order(parted: S3Storage) -> None:
    names = sorted(f"a/{number:x}" for number in range(2 * KEYS_PER_ANSWER + 3))
    for name in names:
        parted.put(name, [b"x"])
    asked = requests_of(parted)

    assert keys(parted, "a") == names
    assert asked == ["ListObjectsV2"] * 3
    assert [stored.key for stored in parted.list("a", after=names[-3])] == names[-2:]


def test_foreign_objects_are_not_listed(
    s3_server: S3Server, storage: S3Storage, bucket: str
) -> None:
    client = s3_server.client
    for name in ("elsewhere", "backups/here-too/k", "backups/here/a b", "backups/here/../k",
                 "backups/here/a//b", "backups/here/.hidden", "backups/here/k"):  # fmt: skip
        client.put_object(Bucket=bucket, Key=name, Body=b"x")

    assert keys(storage, "") == ["k"]


def test_without_a_prefix_the_whole_bucket_is_the_store(
    s3_server: S3Server, bucket: str, manual_clock: ManualClock
) -> None:
    storage = open_s3(s3_server.store(bucket, prefix=""), manual_clock)
    storage.put("a/k", [b"x"])
    assert keys(storage, "") == ["a/k"]
    assert s3_server.client.head_object(Bucket=bucket, Key="a/k")["ContentLength"] == 1


@pytest.mark.parametrize("size", [1000, PART + 1], ids=["one request", "parts"])
def test_the_server_is_told_what_bytes_to_expect(parted: S3Storage, size: int) -> None:
    """So it can refuse those that changed on the way (BadDigest, which is worth another try)."""
    told: list[str] = []
    for operation in ("PutObject", "UploadPart"):
        parted._bucket._client.meta.events.register(
            f"before-send.s3.{operation}",
            lambda request, **_: told.append(_right_digest(request)),
        )
    parted.put("a/k", [b"x" * size])
    assert set(told) == {True}


def _right_digest(request: Any) -> bool:
    sent = request.body if isinstance(request.body, bytes | bytearray) else request.body.read()
    expected = b64encode(hashlib.md5(sent, usedforsecurity=False).digest())
    return request.headers["Content-MD5"] in (expected, expected.decode())


@pytest.mark.parametrize("size", [1000, PART + 1], ids=["one request", "parts"])
def test_bytes_that_changed_on_the_way_are_not_stored(parted: S3Storage, size: int) -> None:
    """moto does not compare Content-MD5; what it says that it stored is compared with it."""

    def flip(request: Any, **_: Any) -> None:
        sent = request.body if isinstance(request.body, bytes | bytearray) else request.body.read()
        request.body = b"y" + bytes(sent[1:])

    for operation in ("PutObject", "UploadPart"):
        parted._bucket._client.meta.events.register(f"before-send.s3.{operation}", flip)
    with pytest.raises(StorageUnreachable, match="other bytes than were sent"):
        parted.put("a/k", [b"x" * size])


def test_a_lock_keeps_an_object_until_it_ends(
    s3_server: S3Server, manual_clock: ManualClock
) -> None:
    bucket = s3_server.bucket(locks=True)
    locked = open_s3(s3_server.store(bucket, lock_days=3), SystemClock())
    locked.put("a/k", [b"precious"])
    locked.put("a/k", [b"precious too"])

    with pytest.raises(ObjectLocked, match="locked until") as caught:
        locked.delete("a/k")
    assert caught.value.where == "a/k"
    assert locked.get("a/k") == b"precious too"

    stored = s3_server.client.head_object(Bucket=bucket, Key="backups/here/a/k")
    assert stored["ObjectLockMode"] == "GOVERNANCE"


def test_after_its_lock_an_object_and_its_versions_are_gone(s3_server: S3Server) -> None:
    bucket = s3_server.bucket(locks=True)
    year_ago = ManualClock(datetime.now(UTC) - timedelta(days=365))
    storage = open_s3(s3_server.store(bucket, lock_days=3), year_ago)
    for _ in range(2):
        storage.put("a/k", [b"x"])
    storage.put("a/k2", [b"y"])

    storage.delete("a/k")
    storage.delete("a/k")

    assert keys(storage, "") == ["a/k2"]
    assert len(s3_server.client.list_object_versions(Bucket=bucket)["Versions"]) == 1


def test_large_objects_are_locked_too(s3_server: S3Server, manual_clock: ManualClock) -> None:
    """moto forgets the lock of an upload, so what is asked for is looked at."""
    url = parse_s3_url(s3_server.url(s3_server.bucket(locks=True)))
    client = connect(url, 60)
    asked: dict[str, Any] = {}
    client.meta.events.register(
        "provide-client-params.s3.CreateMultipartUpload", lambda params, **_: asked.update(params)
    )

    S3Storage(Bucket(client, url, manual_clock, 3), part_bytes=PART).put("a/large", parts_of(1))

    assert asked["ObjectLockMode"] == "GOVERNANCE"
    assert asked["ObjectLockRetainUntilDate"] == manual_clock.now() + timedelta(days=3)


def test_a_bucket_that_was_made_without_locks_is_refused(
    s3_server: S3Server, bucket: str, manual_clock: ManualClock
) -> None:
    storage = open_s3(s3_server.store(bucket, lock_days=3), manual_clock)
    with pytest.raises(StorageRefused) as caught:
        storage.put("a/k", [b"x"])
    assert "object lock" in caught.value.hint


def every_call(storage: Storage) -> list[Callable[[], object]]:
    return [
        lambda: storage.put("a/k", [b"x"]),
        lambda: storage.get("a/k"),
        lambda: storage.get_range("a/k", 0, 1),
        lambda: storage.size("a/k"),
        lambda: list(storage.list("a")),
        lambda: storage.delete("a/k"),
        storage.sweep,
    ]


def test_a_bucket_that_is_not_there_is_no_missing_object(
    s3_server: S3Server, manual_clock: ManualClock
) -> None:
    storage = open_s3(s3_server.store("no-such-bucket"), manual_clock)
    for call in every_call(storage):
        with pytest.raises(StorageRefused, match="bucket") as caught:
            call()
        assert "name of the bucket" in caught.value.hint


def test_wrong_credentials_are_refused_by_name(s3_server: S3Server, storage: S3Storage) -> None:
    with s3_server.asking_for_credentials():
        for call in every_call(storage)[:3]:
            with pytest.raises(StorageRefused) as caught:
                call()
            assert "credentials" in caught.value.hint
            assert SECRET not in f"{caught.value}{caught.value.hint}{caught.value.__cause__}"


def test_without_any_credentials_it_says_where_to_put_them(
    storage: S3Storage, s3_server: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    bare = open_s3(s3_server.store(bucket), ManualClock())
    with pytest.raises(StorageRefused) as caught:
        bare.get("a/k")
    assert "AWS_ACCESS_KEY_ID" in caught.value.hint


def test_a_dead_endpoint_fails_after_its_tries_and_says_so() -> None:
    dead = S3Server("http://127.0.0.1:1")
    clock = ManualClock(auto_advance=True)
    storage = open_url(dead.store("bucket", tries=4), clock)

    with pytest.raises(StorageUnreachable, match="Could not connect") as caught:
        storage.get("a/k")

    assert len(clock.slept) == 3
    assert "endpoint" in caught.value.hint
    assert caught.value.where.startswith("s3://bucket/backups/here/")


@pytest.mark.parametrize(("seconds", "connect_seconds"), [(7, 7), (90, CONNECT_SECONDS_MAX)])
def test_every_call_has_a_timeout_and_boto_tries_once(
    seconds: float, connect_seconds: float
) -> None:
    config = connect(parse_s3_url("s3://bucket"), seconds).meta.config
    assert (config.read_timeout, config.connect_timeout) == (seconds, connect_seconds)
    assert config.retries["total_max_attempts"] == 1


def test_a_server_that_never_answers_is_given_up() -> None:
    """It takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = S3Server(f"http://127.0.0.1:{silent.getsockname()[1]}")
        storage = open_url(server.store("bucket", tries=1, timeout_seconds=1))
        with pytest.raises(StorageUnreachable, match="timeout"):
            storage.size("a/k")
