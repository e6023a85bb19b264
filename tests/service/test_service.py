"""The front end as a whole: TLS, what answers have, limits, and a port that is taken."""

import json
import socket
import ssl
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mmsconsole.errors import MetadataError
from mmsconsole.metadata.database import Metadata
from mmsconsole.service import service as module
from mmsconsole.service.figures import DeploymentFigures, Figures
from mmsconsole.service.listening import FIELD_BYTES_MAX, LINE_BYTES_MAX, Limits
from mmsconsole.service.service import Service
from tests.support.backups import wait_until
from tests.support.certificates import Certificates
from tests.support.clock import ManualClock
from tests.support.links import ENGINE, TIMEOUT_SECONDS, Desk, FrontEnd, front_end

OURS = ("service", "download", "checksum", "asyncio", "ThreadPool")
SHOP = DeploymentFigures("shop", "started", last_snapshot=datetime(2026, 1, 1, tzinfo=UTC))


def test_health_says_that_all_is_well(served: FrontEnd) -> None:
    answer = served.ask("/health")

    assert (answer.status, json.loads(answer.body)) == (200, {"ok": True})


def test_health_says_what_is_wrong(desk: Desk) -> None:
    with front_end(desk, Figures("1", (DeploymentFigures("shop", "started", ("lag",)),))) as served:
        answer = served.ask("/health")

    assert (answer.status, json.loads(answer.body)) == (503, {"ok": False, "wrong": ["shop: lag"]})


def test_health_is_told_also_while_the_metadata_database_is_away(desk: Desk) -> None:
    def fails() -> Figures:
        raise MetadataError("no answer from mongodb://secret@host")

    service = Service(desk.resources, fails, ENGINE)
    service.start()
    served = FrontEnd(service, desk.settings, [])
    try:
        health, metrics = served.ask("/health"), served.ask("/metrics")
    finally:
        service.stop(TIMEOUT_SECONDS)

    assert health.status == metrics.status == 503
    assert b"does not answer" in health.body
    assert b"secret" not in health.body + metrics.body


def test_metrics_are_in_the_format_of_prometheus(desk: Desk) -> None:
    with front_end(desk, Figures("1", (SHOP,))) as served:
        answer = served.ask("/metrics")

    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert b'last_snapshot_timestamp_seconds{deployment="shop"} 1767225600.0' in answer.body


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"), ("GET", "/download/"), ("GET", "/download/abc"), ("GET", "/../etc/passwd"),
        ("GET", "/%2e%2e/%2e%2e/etc/passwd"), ("POST", "/health"), ("DELETE", "/metrics"),
        ("OPTIONS", "/"), ("GET", "/health/x"),
    ],
)  # fmt: skip
def test_everything_else_is_not_there(served: FrontEnd, method: str, path: str) -> None:
    answer = served.ask(path, method=method)

    assert answer.status == 404


@pytest.mark.parametrize("path", ["/health", "/metrics", "/nothing", "/download/a/b/c"])
def test_no_answer_tells_versions(served: FrontEnd, path: str) -> None:
    headers = served.ask(path).headers

    assert headers["server"] == "mmsconsole"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /" + b"x" * LINE_BYTES_MAX + b" HTTP/1.1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nA: " + b"x" * FIELD_BYTES_MAX + b"\r\n\r\n",
        b"GET /health HTTP/1.1\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
        b"\x16\x03\x01 no HTTP\r\n\r\n",
        b"GET /health HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    ],
    ids=["long line", "long header", "many headers", "no HTTP", "wrong length"],
)
def test_what_is_no_fair_request_is_answered_shortly_and_without_versions(
    served: FrontEnd, sent: bytes
) -> None:
    connection = served.connect()
    connection.sendall(sent)

    answer = received(connection)

    assert answer.startswith(b"HTTP/1.1 400") or answer.startswith(b"HTTP/1.0 400")
    assert b"aiohttp" not in answer
    assert b"Python" not in answer
    assert len(answer) < 500


def received(connection: socket.socket) -> bytes:
    """Until the other side ends it; one that does not raises TimeoutError."""
    came = b""
    try:
        while data := connection.recv(1 << 16):
            came += data
    except (ConnectionError, ssl.SSLError):
        pass
    return came


def test_a_client_that_only_waits_is_let_go(desk: Desk) -> None:
    with front_end(desk, limits=Limits(headers_seconds=0.05)) as served:
        silent, half = served.connect(), served.connect()
        half.sendall(b"GET /health HTTP/1.1\r\nHost:")

        assert received(silent) == received(half) == b""


def test_one_address_gets_no_more_than_its_connections(desk: Desk) -> None:
    with front_end(desk, limits=Limits(per_address=3)) as served:
        kept = [served.connect() for _ in range(3)]

        with pytest.raises(OSError):  # noqa: PT011 - whichever it is
            served.connect()

        kept.pop().close()
        wait_until(lambda: reached(served))


def reached(served: FrontEnd) -> bool:
    try:
        served.connect().close()
    except OSError:
        return False
    return True


def test_handshakes_that_do_not_go_on_are_counted_as_well(desk: Desk) -> None:
    with front_end(desk, limits=Limits(per_address=2)) as served:
        for _ in range(2):
            served.open.append(socket.create_connection(("127.0.0.1", served.port)))

        with pytest.raises(OSError):  # noqa: PT011 - whichever it is
            served.connect()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_of_today_is_spoken(served: FrontEnd, version: ssl.TLSVersion) -> None:
    context = ssl.create_default_context(cafile=served.ca)
    context.minimum_version = context.maximum_version = version

    with socket.create_connection(("127.0.0.1", served.port)) as plain:
        context.wrap_socket(plain, server_hostname="127.0.0.1").close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_older_tls_is_not(served: FrontEnd) -> None:
    context = ssl.create_default_context(cafile=served.ca)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1

    with (
        socket.create_connection(("127.0.0.1", served.port)) as plain,
        pytest.raises(OSError),  # noqa: PT011 - whichever it is
    ):
        context.wrap_socket(plain, server_hostname="localhost")


def desk_with(file: Path, metadata: Metadata, folder: Path, clock: ManualClock) -> Desk:
    """Its settings name a file with a certificate and its key."""
    named = {"MMSCONSOLE_SERVICE_CERTIFICATE": str(file), "MMSCONSOLE_SERVICE_KEY": str(file)}
    return Desk(metadata, folder, clock, **named)


def test_a_certificate_that_was_given_is_used(
    metadata: Metadata, tmp_path: Path, manual_clock: ManualClock
) -> None:
    given = Certificates.make(tmp_path / "given")
    desk = desk_with(given.server, metadata, tmp_path, manual_clock)

    with front_end(desk) as served:
        assert (served.ca, served.service.record.fingerprint) == ("", "")
        context = ssl.create_default_context(cafile=given.authority)
        with socket.create_connection(("127.0.0.1", served.port)) as plain:
            context.wrap_socket(plain, server_hostname="localhost").close()


def test_a_certificate_that_can_not_be_used_is_told_and_ends_nothing(
    metadata: Metadata, tmp_path: Path, manual_clock: ManualClock
) -> None:
    given = Certificates.make(tmp_path / "given")
    desk = desk_with(given.client, metadata, tmp_path, manual_clock)

    with front_end(desk) as served:
        record = served.service.record

    assert record.url == ""
    assert "can not be used" in record.error
    assert "service does not listen" in desk.events()


def test_a_taken_port_is_told_and_taken_when_it_is_free(
    metadata: Metadata, tmp_path: Path, manual_clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.02)
    taken = socket.create_server(("127.0.0.1", 0))
    listen = f"127.0.0.1:{taken.getsockname()[1]}"
    desk = Desk(metadata, tmp_path, manual_clock, MMSCONSOLE_SERVICE_LISTEN=listen)

    with front_end(desk) as served:
        told = metadata.engines.get(ENGINE).service
        assert (told.url, listen in told.error) == ("", True)
        assert "address already in use" in told.error.lower()
        taken.close()

        wait_until(lambda: metadata.engines.get(ENGINE).service.url)

        assert served.ask("/health").status == 200
    kinds = desk.events()
    assert kinds.count("service does not listen") == 1
    assert kinds.count("service listens") == 1


def test_without_an_address_it_does_not_listen(
    metadata: Metadata, tmp_path: Path, manual_clock: ManualClock
) -> None:
    desk = Desk(metadata, tmp_path, manual_clock, MMSCONSOLE_SERVICE_LISTEN="")

    with front_end(desk) as served:
        assert served.service.record.url == ""
        assert not (desk.settings.home.data / "service").exists()


def _threads_of_ours(before: set[threading.Thread]) -> list[str]:
    names = [one.name for one in set(threading.enumerate()) - before]
    return [name for name in names if name.startswith(OURS)]


def test_stopping_breaks_off_what_is_under_way_and_leaves_no_thread(desk: Desk, root: Path) -> None:
    before = set(threading.enumerate())
    link = desk.link(desk.snapshot(root), mb_per_second=0.001)
    with front_end(desk) as served:
        connection = served.connect()
        path = f"/download/{link.id}/a-token-of-a-test-0123456789abcdef/{link.name}"
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        connection.recv(1000)

        served.service.stop(TIMEOUT_SECONDS)

    wait_until(lambda: not _threads_of_ours(before))
    assert desk.metadata.links.get(link.id).downloads == 0
