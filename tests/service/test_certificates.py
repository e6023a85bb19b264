"""The engine's own CA and certificate."""

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mmsconsole.errors import SettingsError
from mmsconsole.service.certificates import (
    CA_LIFE,
    RENEW_BEFORE,
    SERVER_LIFE,
    Files,
    ensure,
    names_of,
    pin_of,
    read_certificate,
)

NOW = datetime.now(UTC)
NAMES = ["db1.example", "localhost", "127.0.0.1", "::1"]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    files = Files(tmp_path / "service")
    assert ensure(files, NAMES, NOW)
    return files


def test_all_four_files_are_their_owners_alone(files: Files) -> None:
    for path in (files.ca, files.ca_key, files.server, files.server_key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(files.folder.stat().st_mode) == 0o700


def test_the_certificate_has_every_name_and_the_ca_signed_it(files: Files) -> None:
    certificate = read_certificate(files.server)

    assert names_of(certificate) == set(NAMES)
    certificate.verify_directly_issued_by(read_certificate(files.ca))
    ssl.create_default_context(cafile=files.ca)


def test_a_second_start_changes_nothing(files: Files) -> None:
    before = files.server.read_bytes()

    assert not ensure(files, NAMES, NOW + timedelta(days=5))

    assert files.server.read_bytes() == before


def test_before_its_end_it_is_renewed_with_the_same_key_and_ca(files: Files) -> None:
    before, ca = read_certificate(files.server), files.ca.read_bytes()

    assert ensure(files, NAMES, NOW + SERVER_LIFE - RENEW_BEFORE + timedelta(hours=1))

    after = read_certificate(files.server)
    assert after.not_valid_after_utc > before.not_valid_after_utc
    assert pin_of(after) == pin_of(before)
    assert files.ca.read_bytes() == ca


def test_other_names_make_another_certificate(files: Files) -> None:
    assert ensure(files, [*NAMES, "10.0.0.9"], NOW)

    assert "10.0.0.9" in names_of(read_certificate(files.server))


def test_a_ca_at_its_end_is_made_anew_and_signs_again(files: Files) -> None:
    before = files.ca.read_bytes()

    assert ensure(files, NAMES, NOW + CA_LIFE)

    assert files.ca.read_bytes() != before
    read_certificate(files.server).verify_directly_issued_by(read_certificate(files.ca))


@pytest.mark.parametrize("name", ["ca.key", "server.key", "server.pem"])
def test_a_file_that_was_lost_is_made_anew(files: Files, name: str) -> None:
    (files.folder / name).unlink()

    assert ensure(files, NAMES, NOW)

    read_certificate(files.server).verify_directly_issued_by(read_certificate(files.ca))


@pytest.mark.parametrize("name", ["ca.key", "server.key", "server.pem", "ca.pem"])
def test_a_file_that_is_something_else_is_told_and_not_replaced(files: Files, name: str) -> None:
    (files.folder / name).write_text("no PEM")

    with pytest.raises(SettingsError, match=name):
        ensure(files, NAMES, NOW)

    assert (files.folder / name).read_text() == "no PEM"


def test_a_key_of_another_certificate_is_told(files: Files, tmp_path: Path) -> None:
    other = Files(tmp_path / "other")
    ensure(other, NAMES, NOW)
    other.server_key.replace(files.server_key)

    with pytest.raises(SettingsError, match="not the key"):
        ensure(files, NAMES, NOW)


def test_a_name_that_can_not_be_one_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no name of a host"):
        ensure(Files(tmp_path / "service"), ["größe.example"], NOW)
