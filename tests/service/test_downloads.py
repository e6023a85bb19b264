"""Downloads over real TLS, from a snapshot's blocks and from a folder."""

import gzip
import hashlib
import io
import logging
import ssl
import subprocess
import tarfile
from pathlib import Path

import pytest
import zstandard

from mmsconsole.metadata.links import SENT_MAX, Link, LinkState
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.service.downloads import NOTHING
from mmsconsole.service.sending import LOOK_SECONDS
from tests.service.conftest import FILES
from tests.support.backups import wait_until
from tests.support.clock import ManualClock
from tests.support.links import TIMEOUT_SECONDS, TOKEN, Desk, FrontEnd, path_of
from tests.support.snapshots import contents, pack_keys


def unpacked(data: bytes, into: Path) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        tar.extractall(into, filter="data")
    return contents(into)


def state(desk: Desk, link: Link) -> LinkState:
    return desk.metadata.links.get(link.id).state


def test_a_snapshot_is_downloaded_as_a_tar_of_its_files(
    served: FrontEnd, link: Link, tmp_path: Path
) -> None:
    answer = served.download(link)

    assert answer.status == 200
    assert unpacked(answer.body, tmp_path / "out") == FILES
    assert len(answer.body) == link.bytes


def test_the_files_of_a_folder_are_downloaded_the_same_way(
    served: FrontEnd, desk: Desk, root: Path, tmp_path: Path
) -> None:
    answer = served.download(desk.folder_link(root))

    assert unpacked(answer.body, tmp_path / "out") == FILES


def test_a_link_for_one_download_is_used_up_by_it(served: FrontEnd, link: Link, desk: Desk) -> None:
    first, second = served.download(link), served.download(link)

    assert (first.status, first.whole) == (200, True)
    assert (second.status, second.body) == (404, NOTHING.encode())
    assert state(desk, link) is LinkState.USED_UP
    wait_until(lambda: "link downloaded" in desk.events())


def test_a_link_for_two_downloads_gives_two_and_one_without_a_count_any_number(
    served: FrontEnd, desk: Desk, root: Path
) -> None:
    snapshot = desk.snapshot(root)
    twice = desk.link(snapshot, "abc2", downloads_max=2)
    often = desk.link(snapshot, "abc3", downloads_max=0)

    assert [served.download(twice).status for _ in range(3)] == [200, 200, 404]
    assert [served.download(often).status for _ in range(3)] == [200, 200, 200]
    assert desk.metadata.links.get(often.id).downloads == 3


def test_the_sum_beside_it_is_that_of_the_archive_before_and_after_the_download(
    served: FrontEnd, link: Link
) -> None:
    before = served.download(link, suffix=".sha256")
    body = served.download(link).body
    after = served.download(link, suffix=".sha256")

    assert before.body.decode() == f"{hashlib.sha256(body).hexdigest()}  shop.tar\n"
    assert after.body == before.body


def test_a_whole_download_makes_the_sum_known(served: FrontEnd, link: Link, desk: Desk) -> None:
    body = served.download(link).body

    assert desk.metadata.links.get(link.id).sha256 == hashlib.sha256(body).hexdigest()


def test_head_tells_the_size_and_uses_nothing(served: FrontEnd, link: Link, desk: Desk) -> None:
    answers = [served.download(link, method="HEAD") for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].headers["content-length"] == str(link.bytes)
    assert answers[0].headers["accept-ranges"] == "bytes"
    assert desk.metadata.links.get(link.id).sent_bytes == 0


@pytest.mark.parametrize(("kind", "name"), [("gzip", "shop.tar.gz"), ("zstd", "shop.tar.zst")])
def test_compressed_it_comes_as_a_stream_without_ranges(
    served: FrontEnd, desk: Desk, root: Path, tmp_path: Path, kind: str, name: str
) -> None:
    link = desk.link(desk.snapshot(root), compression=kind, name=name)

    answer = served.download(link, Range="bytes=5-")
    again = served.download(link, suffix=".sha256")

    assert (answer.status, answer.headers["accept-ranges"]) == (200, "none")
    assert again.body.decode().split()[0] == hashlib.sha256(answer.body).hexdigest()
    if kind == "zstd":
        stream = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(answer.body))
        plain = stream.read()
    else:
        plain = gzip.decompress(answer.body)
    assert unpacked(plain, tmp_path / "out") == FILES
    assert state(desk, link) is LinkState.USED_UP


# -- going on


def test_a_broken_off_download_goes_on_and_is_counted_once(
    served: FrontEnd, link: Link, desk: Desk, tmp_path: Path
) -> None:
    whole = link.bytes
    first = served.download(link, Range="bytes=0-2999999")
    etag = first.headers["etag"]
    middle = served.download(link, Range="bytes=3000000-5999999", If_Range=etag)
    before = desk.metadata.links.get(link.id)
    rest = served.download(link, Range="bytes=6000000-", If_Range=etag)

    assert [first.status, middle.status, rest.status] == [206, 206, 206]
    assert rest.headers["content-range"] == f"bytes 6000000-{whole - 1}/{whole}"
    assert unpacked(first.body + middle.body + rest.body, tmp_path / "out") == FILES
    assert (before.state, before.downloads) == (LinkState.READY, 0)
    assert state(desk, link) is LinkState.USED_UP


def test_curl_goes_on_with_a_part_of_the_file(
    served: FrontEnd, desk: Desk, link: Link, tmp_path: Path
) -> None:
    target = tmp_path / "shop.tar"
    target.write_bytes(served.download(link, Range="bytes=0-4999999").body)
    url = f"https://localhost:{served.port}{path_of(link)}"

    subprocess.run(
        ["curl", "-sSfg", "--cacert", served.ca, "-C", "-", "-o", target, url],
        check=True, timeout=TIMEOUT_SECONDS,
    )  # fmt: skip

    assert unpacked(target.read_bytes(), tmp_path / "out") == FILES
    assert state(desk, link) is LinkState.USED_UP
    wait_until(lambda: served.download(link, suffix=".sha256").status == 200)
    told = served.download(link, suffix=".sha256").body.decode()
    assert told.split()[0] == hashlib.sha256(target.read_bytes()).hexdigest()


def test_a_part_of_another_archive_is_answered_with_all_of_this_one(
    served: FrontEnd, link: Link
) -> None:
    answer = served.download(link, Range="bytes=5-", If_Range='"another"')

    assert (answer.status, len(answer.body)) == (200, link.bytes)


def test_a_range_behind_the_end_is_told_how_large_it_is(served: FrontEnd, link: Link) -> None:
    answer = served.download(link, Range=f"bytes={link.bytes}-")

    assert answer.status == 416
    assert answer.headers["content-range"] == f"bytes */{link.bytes}"


def test_of_two_downloads_at_once_only_one_gets_its_last_byte(
    served: FrontEnd, link: Link, desk: Desk
) -> None:
    """Both have begun before either has ended: the first is not read on meanwhile."""
    slow = served.connect()
    slow.sendall(f"GET {path_of(link)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    begun = slow.recv(1000)
    fast = served.download(link)
    came = len(begun)
    while data := _received(slow):
        came += len(data)

    assert begun.startswith(b"HTTP/1.1 200")
    assert fast.whole
    assert came < link.bytes
    assert desk.metadata.links.get(link.id).downloads == 1


def _received(connection: object) -> bytes:
    try:
        return connection.recv(1 << 16)  # type: ignore[attr-defined,no-any-return]
    except OSError:
        return b""


def test_who_never_takes_the_last_byte_can_not_download_for_ever(
    served: FrontEnd, link: Link, desk: Desk
) -> None:
    all_but_one = f"bytes=0-{link.bytes - 2}"
    for times in range(1, SENT_MAX + 2):
        assert served.download(link, Range=all_but_one).status == 206
        wait_until(lambda: _sent(desk, link) == times * (link.bytes - 1))  # noqa: B023

    assert served.download(link, Range=all_but_one).status == 404
    ended = desk.metadata.links.get(link.id)
    assert (ended.state, ended.downloads) == (LinkState.USED_UP, 0)
    assert "without their ends" in ended.reason


def _sent(desk: Desk, link: Link) -> int:
    return desk.metadata.links.get(link.id).sent_bytes


# -- what is refused


@pytest.mark.parametrize("changes", [
    {"state": LinkState.PREPARING}, {"state": LinkState.EXPIRED}, {"state": LinkState.USED_UP},
    {"state": LinkState.REVOKED}, {"state": LinkState.FAILED}, {"downloads_max": 1, "downloads": 1},
], ids=str)  # fmt: skip
def test_every_link_that_gives_nothing_answers_as_if_there_were_none(
    served: FrontEnd, desk: Desk, root: Path, changes: dict[str, object]
) -> None:
    link = desk.link(desk.snapshot(root), **changes)
    unknown = served.ask(f"/download/ffff/{TOKEN}/shop.tar")
    wrong = served.download(link, token="wrong")

    found = served.download(link)

    if "downloads" in changes:
        assert not found.whole  # its last byte is not to be had
    else:
        assert (found.status, found.body) == (404, NOTHING.encode())
    for other in (unknown, wrong):
        assert (other.status, other.body) == (404, NOTHING.encode())
        assert set(other.headers) == set(wrong.headers)


def test_at_its_time_a_link_gives_nothing_more_whether_or_not_it_was_marked(
    served: FrontEnd, link: Link, manual_clock: ManualClock
) -> None:
    manual_clock.advance(3600)

    assert served.download(link).status == 404
    assert served.download(link, suffix=".sha256").status == 404


@pytest.mark.parametrize("name", ["", "other.tar", "shop.tar.md5", "..", "shop.tar/x", "%00"])
def test_another_name_is_not_there(served: FrontEnd, link: Link, name: str) -> None:
    assert served.ask(f"/download/{link.id}/{TOKEN}/{name}").status == 404


def test_who_tries_is_answered_ever_later(served: FrontEnd, link: Link) -> None:
    for number in range(4):
        served.download(link, token=f"guess-{number}")

    assert served.paused == [0.25, 0.5, 1.0, 2.0]
    assert served.download(link).status == 200


def under_way(served: FrontEnd, link: Link, headers: str = "") -> ssl.SSLSocket:
    """A download whose first bytes have come: its speed and its link are looked at by now."""
    connection = served.connect()
    asked = f"GET {path_of(link)} HTTP/1.1\r\nHost: x\r\n{headers}\r\n"
    connection.sendall(asked.encode())
    came = b""
    while not came.partition(b"\r\n\r\n")[2]:
        data = connection.recv(1000)
        assert data, came
        came += data
    return connection


def test_a_revoked_link_breaks_off_what_is_under_way(
    served: FrontEnd, desk: Desk, root: Path, manual_clock: ManualClock
) -> None:
    link = desk.link(desk.snapshot(root), mb_per_second=0.1)
    connection = under_way(served, link)

    desk.metadata.links.end(link.id, LinkState.REVOKED, manual_clock.now())
    manual_clock.advance(LOOK_SECONDS)

    came = 0
    while data := _received(connection):
        came += len(data)
    assert came < link.bytes // 2  # long before its last byte would have been refused


def test_many_that_began_at_one_time_are_broken_off_when_too_much_was_sent(
    served: FrontEnd, desk: Desk, root: Path, manual_clock: ManualClock
) -> None:
    """Each of them leaves out the last byte; none of them is counted."""
    link = desk.link(desk.snapshot(root), mb_per_second=0.1)
    connection = under_way(served, link, f"Range: bytes=0-{link.bytes - 2}\r\n")

    desk.metadata.links.add_sent(link.id, (SENT_MAX + 1) * link.bytes)  # by the others
    manual_clock.advance(LOOK_SECONDS)

    came = 0
    while data := _received(connection):
        came += len(data)
    assert came < link.bytes // 2


# -- what breaks


@pytest.mark.parametrize("compression", ["", "zstd"])
def test_a_damaged_block_breaks_the_connection_and_ends_the_link(
    served: FrontEnd, desk: Desk, root: Path, compression: str
) -> None:
    link = desk.link(desk.snapshot(root), compression=compression)
    (key,) = pack_keys(desk.storage)
    spoiled = bytearray(desk.storage.get(key))
    spoiled[len(spoiled) * 3 // 4] ^= 1
    desk.storage.put(key, [bytes(spoiled)])

    answer = served.download(link)

    assert (answer.status, answer.whole) == (200, False)
    assert len(answer.body) < link.bytes
    wait_until(lambda: "download failed" in desk.events())
    assert state(desk, link) is LinkState.FAILED
    assert served.download(link).status == 404


def test_a_link_to_a_snapshot_that_became_invalid_says_why(
    served: FrontEnd, desk: Desk, link: Link
) -> None:
    desk.metadata.snapshots.set(link.snapshot, state=SnapshotState.INVALID, reason="rolled back")

    answer = served.download(link)

    assert answer.status == 503
    assert "the snapshot is invalid: rolled back" in desk.metadata.links.get(link.id).reason


def test_more_downloads_at_once_than_allowed_are_put_off(desk: Desk, root: Path) -> None:
    from tests.support.links import front_end

    with front_end(desk) as served:
        link = desk.link(desk.snapshot(root), downloads_max=0, mb_per_second=0.001)
        most = desk.settings.tree.service.downloads_max
        for _ in range(most):
            connection = served.connect()
            connection.sendall(f"GET {path_of(link)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")

        answer = served.download(link)

    assert (answer.status, answer.headers["retry-after"]) == (503, "10")


def test_no_token_gets_into_a_log(
    served: FrontEnd, link: Link, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    served.download(link)
    served.download(link)
    served.download(link, token=f"{TOKEN}x")
    connection = served.connect()
    connection.sendall(f"GET /download/x/{TOKEN}/\x01 HTTP/9.9\r\n\x00: {TOKEN}\r\n\r\n".encode())
    assert connection.recv(1000).startswith(b"HTTP/1.")

    said = "\n".join(f"{record.getMessage()} {record.exc_text}" for record in caplog.records)
    assert TOKEN not in said + caplog.text
