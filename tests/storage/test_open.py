"""The storage that the settings name, in its wrappers."""

import sys
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.errors import Cancelled, SettingsError
from mmsconsole.settings import StoreSettings, load_settings
from mmsconsole.storage.base import Storage
from mmsconsole.storage.clouds.cloud_storage import CloudStorage
from mmsconsole.storage.encryption.unencrypted import UnencryptedStorage
from mmsconsole.storage.local import LocalStorage
from mmsconsole.storage.mongodb.mongo_storage import MongoStorage
from mmsconsole.storage.open import open_storage, open_url
from mmsconsole.storage.retrying import Retrying
from mmsconsole.storage.s3.s3_storage import S3Storage
from mmsconsole.storage.storages import open_storages
from mmsconsole.storage.throttled import Throttled
from tests.support.clock import ManualClock


def opened(tmp_path: Path, **environ: str) -> Storage:
    return open_storage(load_settings({"MMSCONSOLE_HOME": str(tmp_path), **environ}))


def of(**keys: Any) -> Storage:
    return open_url(StoreSettings.model_validate(keys))


def inside(storage: Any) -> Any:
    """What the outermost wrapper holds; only whether the store is encrypted lies around all."""
    assert isinstance(storage, UnencryptedStorage)
    return storage.unchecked


def layers(storage: Any) -> list[type]:
    """Outermost first."""
    storage = inside(storage)
    found = [type(storage)]
    while isinstance(storage, Retrying | Throttled):
        storage = storage._inner
        found.append(type(storage))
    return found


def test_without_a_setting_it_lies_in_the_data_folder(tmp_path: Path) -> None:
    storage = inside(opened(tmp_path))
    assert isinstance(storage, LocalStorage)
    assert storage.root == tmp_path / "data/storage"


def test_a_folder_of_the_settings_is_taken(tmp_path: Path) -> None:
    storage = inside(opened(tmp_path, MMSCONSOLE_STORAGE_URL="/mnt/backup"))
    assert isinstance(storage, LocalStorage)
    assert storage.root == Path("/mnt/backup")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("s3://bucket/prefix?endpoint=http://127.0.0.1:1", S3Storage),
        ("S3://bucket", S3Storage),
        ("gs://bucket/prefix", CloudStorage),
        ("az://container?account=acc", CloudStorage),
        ("mongodb://127.0.0.1:1/store?replicaSet=r", MongoStorage),
    ],
)
def test_a_far_place_is_tried_again_and_is_throttled_where_it_is_asked_for(
    url: str, kind: type
) -> None:
    assert layers(of(url=url)) == [Retrying, kind]
    assert layers(of(url=url, mb_per_second=5)) == [Retrying, Throttled, kind]


def test_a_folder_can_be_throttled_too() -> None:
    assert layers(of(url="/mnt/backup", mb_per_second=5)) == [Throttled, LocalStorage]


@pytest.mark.parametrize("url", ["ftp://host/", "backups", "./here", "s3://", "s3://b?nosuch=1"])
def test_a_place_that_can_not_be_used_is_refused_with_what_to_do(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        opened(tmp_path, MMSCONSOLE_STORAGE_URL=url)

    assert caught.value.where == "storage.url"
    assert caught.value.hint


def test_a_profile_that_is_not_there_is_refused() -> None:
    with pytest.raises(SettingsError, match="nosuch"):
        of(url="s3://bucket?profile=nosuch")


@pytest.mark.parametrize("url", ["/mnt/backup", "gs://bucket", "mongodb://127.0.0.1:1/store"])
def test_a_lock_where_there_is_none_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="lock") as caught:
        of(url=url, lock_days=3)
    assert caught.value.where == "lock_days"


@pytest.mark.parametrize(
    ("url", "module", "package", "extra"),
    [
        ("s3://bucket", "mmsconsole.storage.s3.s3_storage", "boto3", "s3"),
        ("gs://bucket", "mmsconsole.storage.clouds.cloud_storage", "obstore", "cloud"),
    ],
)
def test_a_package_that_is_missing_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, url: str, module: str, package: str, extra: str
) -> None:
    for name in list(sys.modules):
        if name.startswith((module, package)):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_Without(package), *sys.meta_path])

    with pytest.raises(SettingsError, match=f"needs the package {package}") as caught:
        of(url=url)

    assert f"mmsconsole[{extra}]" in caught.value.hint


class _Without:
    """An import finder of a machine that has no such package."""

    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(self, name: str, *_: object) -> None:
        if name.partition(".")[0] == self._package:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_every_store_of_the_settings_is_opened_when_it_is_needed(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.toml").write_text(
        "[stores.good]\nurl = '/mnt/good'\n[stores.bad]\nurl = 'ftp://x'\n"
    )
    storages = open_storages(load_settings({"MMSCONSOLE_HOME": str(tmp_path)}))

    assert storages.names == ("default", "good", "bad")
    assert layers(storages.of("good")) == [LocalStorage]
    assert storages.of("good") is storages.of("good")
    with pytest.raises(SettingsError) as caught:
        storages.of("bad")
    assert caught.value.where == "stores.bad.url"
    with pytest.raises(SettingsError, match="no store"):
        storages.of("nosuch")


def test_an_engine_that_stops_waits_for_no_further_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "something")
    url = "s3://bucket?endpoint=http://127.0.0.1:1"
    environ = {"MMSCONSOLE_HOME": str(tmp_path), "MMSCONSOLE_STORAGE_URL": url}
    storages = open_storages(load_settings(environ), clock=ManualClock())  # its time stands still
    storages.end_waits()
    with pytest.raises(Cancelled):
        storages.of("default").get("a/k")
