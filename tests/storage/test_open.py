"""The storage that the settings name."""

from pathlib import Path

import pytest

from mmsconsole.errors import SettingsError
from mmsconsole.settings import load_settings
from mmsconsole.storage.local import LocalStorage
from mmsconsole.storage.open import open_storage


def opened(tmp_path: Path, **environ: str) -> LocalStorage:
    storage = open_storage(load_settings({"MMSCONSOLE_HOME": str(tmp_path), **environ}))
    assert isinstance(storage, LocalStorage)
    return storage


def test_without_a_setting_it_lies_in_the_data_folder(tmp_path: Path) -> None:
    assert tmp_path / "data/storage" == opened(tmp_path).root


def test_a_folder_of_the_settings_is_taken(tmp_path: Path) -> None:
    assert Path("/mnt/backup") == opened(tmp_path, MMSCONSOLE_STORAGE_URL="/mnt/backup").root


@pytest.mark.parametrize("url", ["s3://bucket/prefix", "mongodb://host/", "backups", "./here"])
def test_another_kind_of_place_is_refused_with_what_to_do(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        opened(tmp_path, MMSCONSOLE_STORAGE_URL=url)

    assert caught.value.where == "storage.url"
    assert caught.value.hint
