"""Links as people see them: names, command lines, lists."""

import shlex
from dataclasses import replace
from datetime import timedelta

import pytest

from mmsconsole.errors import NotFound, Refused
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.engines import EngineRecord, ServiceRecord
from mmsconsole.metadata.links import Link, LinkState
from mmsconsole.operations.links import file_name, offer
from mmsconsole.operations.operations import Operations
from mmsconsole.optime import Optime
from tests.operations.records import NOW

LINK = Link("4e5", "d1", "0" * 64, "shop.tar", NOW, 24)
PIN = "sha256//abc="


@pytest.mark.parametrize(
    ("deployment", "compression", "expected"),
    [
        ("shop", "", "shop-5-6.tar"),
        ("shop", "zstd", "shop-5-6.tar.zst"),
        ("shop", "gzip", "shop-5-6.tar.gz"),
        ("a b/../c", "", "a_b_.._c-5-6.tar"),
        ("../../etc", "", "_.._etc-5-6.tar"),
        ("-rf", "", "rf-5-6.tar"),
        ("größe\x1b[2J", "", "gr_e_2J-5-6.tar"),
        ("'; rm -rf /", "", "_rm_-rf_-5-6.tar"),
        ("...", "", "snapshot-5-6.tar"),
        ("x" * 500, "", "x" * 100 + "-5-6.tar"),
    ],
)
def test_a_file_has_a_plain_name_whatever_its_deployment_is_called(
    deployment: str, compression: str, expected: str
) -> None:
    assert file_name(deployment, Optime(5, 6), compression) == expected


def test_the_command_line_pins_the_servers_key_and_goes_on_with_a_part() -> None:
    made = offer(LINK, "T0k-en_", "https://db1:8080", PIN)

    url = "https://db1:8080/download/4e5/T0k-en_/shop.tar"
    assert made.url == url
    assert made.sha256_url == url + ".sha256"
    assert shlex.split(made.curl) == [
        "curl", "-fg", "-k", "--pinnedpubkey", PIN, "-C", "-", "-o", "shop.tar", url,
    ]  # fmt: skip


def test_with_a_certificate_that_was_given_it_is_checked_as_ever() -> None:
    made = offer(LINK, "T", "https://db1:8080", "")

    assert "-k" not in shlex.split(made.curl)


def test_what_is_compressed_can_not_be_gone_on_with() -> None:
    made = offer(replace(LINK, compression="gzip"), "T", "https://db1:8080", PIN)

    assert "-C" not in shlex.split(made.curl)


def test_links_are_listed_newest_first_and_by_deployment(
    operations: Operations, metadata: Metadata, shop: str
) -> None:
    deployment = metadata.deployments.named(shop).id
    for number, of in enumerate((deployment, deployment, "gone")):
        at = NOW + timedelta(hours=number)
        metadata.links.add(Link(f"{number}", of, "0" * 64, "a.tar", at, 24))

    assert [link.id for link in operations.links()] == ["2", "1", "0"]
    assert [link.id for link in operations.links(shop)] == ["1", "0"]
    assert [link.deployment for link in operations.links()] == ["gone", shop, shop]


def test_a_link_that_is_not_known_is_told(operations: Operations) -> None:
    with pytest.raises(NotFound, match="no link 'nosuch'"):
        operations.link("nosuch")


def test_the_ca_is_told_while_the_front_end_listens(
    operations: Operations, metadata: Metadata
) -> None:
    service = ServiceRecord("https://db1:8080", "", "/data/ca.pem", "ab12", PIN)
    metadata.engines.announce(EngineRecord("e", "h", "/", "0", NOW, NOW, service=service))

    assert operations.service_ca().ca == "/data/ca.pem"
    assert operations.engine().service == "https://db1:8080"

    metadata.engines.set("e", service=ServiceRecord(error="port 8080 is taken"))
    with pytest.raises(Refused, match="port 8080 is taken"):
        operations.service_ca()
    assert operations.engine().service_error == "port 8080 is taken"


def test_counting_takes_each_download_once_and_gives_back_what_was_not_sent(
    metadata: Metadata,
) -> None:
    links, later = metadata.links, NOW + timedelta(hours=1)
    ready = Link("a", "d1", "0" * 64, "a.tar", NOW, 1, 2, state=LinkState.READY, expires_at=later)
    links.add(ready)

    first, second, third = (links.count_download("a", NOW) for _ in range(3))

    assert [one and one.state for one in (first, second, third)] == ["ready", "used up", None]
    back = links.give_back("a")
    assert back is not None
    assert (back.state, back.downloads, back.ended_at) == (LinkState.READY, 1, None)
    assert links.count_download("a", later) is None


def test_an_ended_link_neither_ends_again_nor_gets_ready(metadata: Metadata) -> None:
    metadata.links.add(Link("a", "d1", "0" * 64, "a.tar", NOW, 1))
    assert metadata.links.end("a", LinkState.REVOKED, NOW, "ada revoked it") is not None

    assert metadata.links.end("a", LinkState.EXPIRED, NOW) is None
    assert metadata.links.make_ready("a", bytes=5) is None
    assert metadata.links.give_back("a") is None
    assert metadata.links.get("a").state is LinkState.REVOKED


def test_ended_links_are_forgotten_once_their_files_are_gone(metadata: Metadata) -> None:
    for id_, staging in (("a", ""), ("b", "/staging/b")):
        ended = Link(id_, "d1", "0" * 64, "a.tar", NOW, 1, staging=staging, ended_at=NOW)
        metadata.links.add(ended)
    metadata.links.add(Link("c", "d1", "0" * 64, "a.tar", NOW, 1))

    metadata.links.forget_ended(NOW + timedelta(days=1))

    assert {link.id for link in metadata.links.all()} == {"b", "c"}
