"""The settings' master keys, and what is said at start."""

import logging
from pathlib import Path

import pytest

from mmsconsole.errors import KeyUnusable, SettingsError
from mmsconsole.settings import Settings, load_settings
from mmsconsole.storage.encryption.encrypted import EncryptedStorage
from mmsconsole.storage.encryption.key_check import check_key, checked_storages
from mmsconsole.storage.encryption.unencrypted import UnencryptedStorage
from mmsconsole.storage.open import open_storage

STORES = """
[storage]
key_file = "{folder}/key"

[stores.plain]
url = "{folder}/plain"
"""


def settings_of(folder: Path, text: str = STORES) -> Settings:
    (folder / "config").mkdir(exist_ok=True)
    (folder / "config/config.toml").write_text(text.format(folder=folder))
    (folder / "key").write_text("ab" * 32)
    (folder / "key").chmod(0o600)
    return load_settings({"MMSCONSOLE_HOME": str(folder)})


def test_a_store_with_a_key_is_encrypted_and_one_without_is_not(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    storages = checked_storages(settings)

    assert isinstance(storages.of("default"), EncryptedStorage)
    assert isinstance(storages.of("plain"), UnencryptedStorage)
    storages.of("default").put("a/k", [b"x"])
    storages.of("plain").put("a/k", [b"x"])
    assert open_storage(settings).get("a/k") == b"x"
    assert (check_key(settings, "default"), check_key(settings, "plain")) == (True, False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / "key").unlink(), "can not be read"),
        (lambda folder: (folder / "key").chmod(0o644), "others may read"),
        (lambda folder: (folder / "key").write_text("cd" * 32), "not the store's master key"),
        (lambda folder: (folder / "config/config.toml").write_text(""), "no master key is named"),
    ],
)
def test_a_key_that_does_not_fit_is_said_at_start_with_the_stores_name(
    tmp_path: Path, change: object, said: str
) -> None:
    open_storage(settings_of(tmp_path)).put("a/k", [b"x"])
    assert callable(change)
    change(tmp_path)
    settings = load_settings({"MMSCONSOLE_HOME": str(tmp_path)})

    with pytest.raises(KeyUnusable, match=said) as caught:
        checked_storages(settings)

    assert caught.value.where == "store default"
    assert caught.value.hint
    assert "ab" * 16 not in str(caught.value)
    assert "cd" * 16 not in str(caught.value)


def test_a_store_that_does_not_answer_keeps_nobody_from_starting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = "[stores.away]\nurl = 'mongodb://127.0.0.1:9/?replicaSet=r'\ntimeout_seconds = 1\n"

    with caplog.at_level(logging.WARNING):
        storages = checked_storages(settings_of(tmp_path, text))

    assert storages.names == ("default", "away")
    assert "the store away can not be used now" in caplog.text


def test_two_master_keys_of_one_store_are_refused(tmp_path: Path) -> None:
    text = "[storage]\nkey_file = '{folder}/key'\nkey_command = ['true']\n"

    with pytest.raises(SettingsError, match="not both") as caught:
        open_storage(settings_of(tmp_path, text))

    assert caught.value.where == "storage.key_file"
