"""Settings come from a file and the environment, and every mistake in them is told exactly."""

from pathlib import Path

import pytest

from mmsconsole.errors import SettingsError
from mmsconsole.settings import HOME, Settings, SettingsTree, home_of, load_settings


def load(home: Path, toml: str = "", **environ: str) -> Settings:
    if toml:
        (home / "config").mkdir(exist_ok=True)
        (home / "config" / "config.toml").write_text(toml)
    return load_settings({HOME: str(home), **environ})


def refused(home: Path, toml: str = "", **environ: str) -> SettingsError:
    with pytest.raises(SettingsError) as error:
        load(home, toml, **environ)
    return error.value


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.tree == SettingsTree()
    assert settings.tree.backup.snapshot_interval_minutes == 360
    assert settings.head_folders == [tmp_path / "data" / "heads"]
    assert settings.storage_folder == tmp_path / "data" / "storage"


def test_loading_makes_no_folder(tmp_path: Path) -> None:
    load(tmp_path / "home")
    assert list(tmp_path.iterdir()) == []


def test_a_file_changes_what_it_names_and_no_more(tmp_path: Path) -> None:
    tree = load(tmp_path, '[backup]\nsync_from = "primary"\n[heads]\npaths = ["/a", "/b"]').tree
    assert tree.backup.sync_from == "primary"
    assert tree.backup.tail_from == SettingsTree().backup.tail_from
    assert tree.heads.paths == [Path("/a"), Path("/b")]


def test_the_environment_goes_over_the_file_key_by_key(tmp_path: Path) -> None:
    tree = load(
        tmp_path,
        '[backup]\nsync_from = "primary"\nslice_mb = 5',
        MMSCONSOLE_BACKUP_SLICE_MB="3",
        MMSCONSOLE_CONSOLE_ASCII="true",
    ).tree
    assert (tree.backup.sync_from, tree.backup.slice_mb) == ("primary", 3)
    assert tree.console.ascii


def test_lists_in_the_environment_are_separated_by_colons(tmp_path: Path) -> None:
    tree = load(tmp_path, MMSCONSOLE_HEADS_PATHS="/a:/b:").tree
    assert tree.heads.paths == [Path("/a"), Path("/b")]


def test_every_key_can_be_set_by_the_environment(tmp_path: Path) -> None:
    """Each default, written as text, is read back as what it was."""
    for section, keys in SettingsTree():
        for key, value in keys:
            text = ":".join(map(str, value)) if isinstance(value, list) else str(value)
            name = f"MMSCONSOLE_{section}_{key}".upper()
            assert load(tmp_path, **{name: text}).tree == SettingsTree(), name


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("[backup]\nsync_fron = 'primary'", "backup.sync_fron: no such setting"),
        ("[backups]\nsync_from = 'primary'", "backups: no such setting"),
        ("[backup]\nsync_from = 'arbiter'", "backup.sync_from: "),
        ("[backup]\nslice_mb = 16", "backup.slice_mb: "),
        ("[engine]\nworkers = 0", "engine.workers: "),
        ("[engine]\nworkers = 'many'", "engine.workers: "),
        ("backup = 1", "backup: "),
        ("[backup", "not valid TOML"),
    ],
)
def test_a_mistake_in_the_file_names_file_and_key(tmp_path: Path, toml: str, says: str) -> None:
    error = refused(tmp_path, toml)
    assert error.what.startswith(says)
    assert error.where == str(tmp_path / "config" / "config.toml")


def test_an_unknown_key_is_answered_with_those_that_are_allowed(tmp_path: Path) -> None:
    assert "sync_from" in refused(tmp_path, "[backup]\nnosuch = 1").hint
    assert "backup" in refused(tmp_path, "[nosuch]\nx = 1").hint


def test_an_unknown_variable_is_refused_with_those_that_are_allowed(tmp_path: Path) -> None:
    error = refused(tmp_path, MMSCONSOLE_BACKUP_NOSUCH="1")
    assert error.where == "MMSCONSOLE_BACKUP_NOSUCH"
    assert "MMSCONSOLE_BACKUP_SYNC_FROM" in error.hint


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    error = refused(tmp_path, MMSCONSOLE_ENGINE_WORKERS="many")
    assert error.where == "MMSCONSOLE_ENGINE_WORKERS"
    assert "engine.workers" in error.what


def test_a_mistake_in_the_file_is_not_hidden_by_the_environment(tmp_path: Path) -> None:
    refused(tmp_path, "[engine]\nworkers = 0", MMSCONSOLE_ENGINE_WORKERS="2")


def test_a_secret_in_a_wrong_value_is_not_shown(tmp_path: Path) -> None:
    error = refused(tmp_path, "[metadata]\nuri = ['mongodb://u:hunter2@h']")
    assert "hunter2" not in f"{error} {error.hint} {error.__cause__}"


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_bytes(b"\xff\xfe")
    refused(tmp_path)


def test_a_file_that_can_not_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config" / "config.toml").mkdir(parents=True)
    assert "can not be read" in refused(tmp_path).what


def test_an_empty_variable_is_an_empty_value_or_refused_never_the_default(
    tmp_path: Path,
) -> None:
    assert load(tmp_path, "[storage]\nurl = '/x'", MMSCONSOLE_STORAGE_URL="").tree.storage.url == ""
    assert refused(tmp_path, MMSCONSOLE_ENGINE_WORKERS="").where == "MMSCONSOLE_ENGINE_WORKERS"


def test_folders_may_be_written_as_people_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.chdir(tmp_path)
    settings = load(
        tmp_path, MMSCONSOLE_STORAGE_URL="~/storage", MMSCONSOLE_HEADS_PATHS="~/heads:here"
    )
    assert settings.storage_folder == Path("/home/ada/storage")
    assert settings.head_folders == [Path("/home/ada/heads"), tmp_path / "here"]


def test_a_home_of_ones_own_holds_everything(tmp_path: Path) -> None:
    home = home_of({HOME: str(tmp_path)})
    assert [home.config, home.data, home.logs, home.run] == [
        tmp_path / name for name in ("config", "data", "logs", "run")
    ]
    assert home.metadata == tmp_path / "data" / "metadata"


def test_a_relative_home_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert home_of({HOME: "here"}).data == tmp_path / "here" / "data"


def test_without_a_home_the_users_own_folders_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    home = home_of({})
    assert home.config == tmp_path / ".config" / "mmsconsole"
    assert home.run == tmp_path / ".local" / "share" / "mmsconsole" / "run"


def test_settings_can_not_be_changed_once_loaded(tmp_path: Path) -> None:
    settings = load(tmp_path)
    with pytest.raises(ValueError, match="frozen"):
        settings.tree.engine.workers = 9  # type: ignore[misc]
