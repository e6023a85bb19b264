"""A store that is encrypted keeps everything, for who has the key; and says so to who has not."""

import secrets
from pathlib import Path

import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.errors import KeyUnusable, SettingsError
from mmsconsole.metadata.database import Metadata
from mmsconsole.recovery.rebuilding import Rebuilding
from mmsconsole.recovery.temporary import settings_for, temporary_resources
from mmsconsole.secret import Secret
from mmsconsole.storage.storages import open_storages
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Cancellation, Task
from tests.recovery.conftest import Stand, body
from tests.support.metadata import settings_of


def key_in(path: Path) -> Path:
    path.write_text(secrets.token_hex(32))
    path.chmod(0o600)
    return path


def with_key(metadata: Metadata, folder: Path, key: Path) -> Resources:
    settings = settings_of(
        folder / "home",
        MMSCONSOLE_STORAGE_URL=str(folder / "storage"), MMSCONSOLE_STORAGE_KEY_FILE=str(key),
    )  # fmt: skip
    return Resources(settings, metadata, open_storages(settings), SystemClock(), [])


@pytest.fixture
def encrypted(metadata: Metadata, tmp_path: Path) -> Stand:
    stand = Stand(with_key(metadata, tmp_path, key_in(tmp_path / "key")), tmp_path)
    stand.snapshot("s1", 12)
    stand.chunks(body(10, 15))
    stand.back_up()
    return stand


def test_passwords_come_back(encrypted: Stand) -> None:
    spans, places = encrypted.spans(), encrypted.places()

    report = encrypted.rebuilt()

    assert encrypted.found.uri == encrypted.deployment.uri
    assert (encrypted.found.reason, report.told) == ("", [])
    assert (encrypted.spans(), encrypted.places()) == (spans, places)
    assert report.snapshots == 1


def test_nothing_of_it_can_be_read_without_the_key(encrypted: Stand, tmp_path: Path) -> None:
    files = [path for path in (tmp_path / "storage").rglob("*") if path.is_file()]
    assert len(files) > 3
    assert not [path for path in files if b"hunter2" in path.read_bytes()]
    assert not [path for path in files if b"shop-d1" in path.read_bytes()]


def test_another_key_is_said_to_be_none(encrypted: Stand, tmp_path: Path) -> None:
    encrypted.lose_metadata()
    other = with_key(encrypted.metadata, tmp_path, key_in(tmp_path / "other"))

    with pytest.raises(KeyUnusable):
        Rebuilding(other, "default").run(Task())

    assert list(encrypted.metadata.deployments.all()) == []


@pytest.mark.parametrize("key", ["", "other"])
def test_who_has_not_the_key_is_told_before_anything_is_started(
    encrypted: Stand, tmp_path: Path, key: str
) -> None:
    file = key_in(tmp_path / key) if key else None
    url = Secret(str(tmp_path / "storage"))
    made = temporary_resources(url, file, {}, encrypted.resources.clock, Cancellation())

    with pytest.raises(KeyUnusable) as unusable, made:
        pass
    assert unusable.value.where == str(tmp_path / "storage")
    assert "--key-file" in unusable.value.hint, "there are no settings to name a key in"


# -- the settings of a restore from a store alone


def test_a_key_file_holds_whatever_the_environment_says(tmp_path: Path) -> None:
    environ = {
        "MMSCONSOLE_STORAGE_KEY_COMMAND": "false", "MMSCONSOLE_STORAGE_TRIES": "2",
        "MMSCONSOLE_HOME": "/elsewhere", "MMSCONSOLE_METADATA_URI": "mongodb://h/",
        "MMSCONSOLE_BACKUP_SLICE_MB": "3",
    }  # fmt: skip

    settings = settings_for(Secret("/backup"), Path("key"), environ, tmp_path)

    store = settings.store("default")
    assert (store.key_file, store.key_command) == (str(Path("key").absolute()), [])
    assert (store.url.get_secret_value(), store.tries) == ("/backup", 2)
    assert settings.home.data.is_relative_to(tmp_path)
    assert not settings.tree.metadata.uri.get_secret_value()


def test_a_setting_that_makes_no_sense_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        settings_for(Secret("/b"), None, {"MMSCONSOLE_STORAGE_TRIES": "many"}, tmp_path)
