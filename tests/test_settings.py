"""Settings come from a file and the environment, and every mistake in them is told exactly."""

from pathlib import Path

import pytest

from mmsconsole.errors import SettingsError
from mmsconsole.policy.policy import SnapshotPolicy
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
    assert settings.tree.policy.policy == SnapshotPolicy()
    assert settings.head_folders == [tmp_path / "data" / "heads"]
    assert settings.store_folders == {"default": tmp_path / "data" / "storage"}


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
        ("[policy]\ndaily = 8", "policy.daily: daily can not be 8: daily is one of 0, 3, 4"),
        ("[policy]\nzone = 'Mars/Base'", "policy.zone: zone can not be 'Mars/Base'"),
        (
            "[policy]\nbase_days = 9",
            "policy.base_days: base_days can not be 9: base_days is 1 to 5",
        ),
        ("[policy]\nverify = ''", "policy.verify: verify can not be ''"),
        ("backup = 1", "backup: "),
        ("[backup", "not valid TOML"),
        ("[storage]\ntries = 0", "storage.tries: "),
        ("[stores.far]\nurl = 's3://b'\nnosuch = 1", "stores.far.nosuch: no such setting"),
        ("[stores.far]\ntries = 2", "stores: far has no url"),
        ("[stores.Far]\nurl = 's3://b'", "stores: 'Far' can not be a store's name"),
        ("[stores.default]\nurl = 's3://b'", "stores: 'default' can not be a store's name"),
        ("[stores]\nurl = 's3://b'", "stores.url: "),
    ],
)
def test_a_mistake_in_the_file_names_file_and_key(tmp_path: Path, toml: str, says: str) -> None:
    error = refused(tmp_path, toml)
    assert error.what.startswith(says)
    assert error.where == str(tmp_path / "config" / "config.toml")


def test_an_unknown_key_is_answered_with_those_that_are_allowed(tmp_path: Path) -> None:
    assert "sync_from" in refused(tmp_path, "[backup]\nnosuch = 1").hint
    assert "backup" in refused(tmp_path, "[nosuch]\nx = 1").hint
    assert "mb_per_second" in refused(tmp_path, "[stores.far]\nnosuch = 1").hint
    assert "a-z" in refused(tmp_path, "[stores.Far]\nurl = '/x'").hint


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


def test_further_stores_have_names(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        "[storage]\nurl = '/mnt/a'\n[stores.far-away]\nurl = 's3://bucket'\nmb_per_second = 5",
    )
    assert list(settings.stores) == ["default", "far-away"]
    assert settings.store("far-away").mb_per_second == 5
    assert settings.store_folders == {"default": Path("/mnt/a")}


def test_a_store_that_is_not_named_is_refused_with_those_that_are(tmp_path: Path) -> None:
    settings = load(tmp_path, "[stores.far]\nurl = 's3://bucket'")
    with pytest.raises(SettingsError, match="no store is called 'near'") as caught:
        settings.store("near")
    assert "default, far" in caught.value.hint


def test_the_environment_sets_the_default_store_and_no_other(tmp_path: Path) -> None:
    toml = "[stores.far]\nurl = 's3://bucket'"
    settings = load(tmp_path, toml, MMSCONSOLE_STORAGE_KEY_COMMAND="/bin/vault:read")
    assert settings.store("default").key_command == ["/bin/vault", "read"]
    assert settings.store("far").key_command == []
    assert refused(tmp_path, toml, MMSCONSOLE_STORES_FAR="x").what == "no such setting"


def test_the_url_of_a_store_does_not_show_itself(tmp_path: Path) -> None:
    settings = load(tmp_path, "[stores.m]\nurl = 'mongodb://u:hunter2@h/db'")
    assert "hunter2" not in f"{settings!r} {settings.stores}"
    error = refused(tmp_path, "[stores.m]\nurl = ['mongodb://u:hunter2@h']")
    assert "hunter2" not in f"{error} {error.hint} {error.__cause__}"


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
    url = load(tmp_path, "[storage]\nurl = '/x'", MMSCONSOLE_STORAGE_URL="").tree.storage.url
    assert url.get_secret_value() == ""
    assert refused(tmp_path, MMSCONSOLE_ENGINE_WORKERS="").where == "MMSCONSOLE_ENGINE_WORKERS"


def test_folders_may_be_written_as_people_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.chdir(tmp_path)
    settings = load(
        tmp_path, MMSCONSOLE_STORAGE_URL="~/storage", MMSCONSOLE_HEADS_PATHS="~/heads:here"
    )
    assert settings.store_folders == {"default": Path("/home/ada/storage")}
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


def test_the_size_of_blocks_is_one_of_a_few(tmp_path: Path) -> None:
    assert load(tmp_path, MMSCONSOLE_BACKUP_BLOCK_KIB="4096").tree.backup.block_kib == 4096
    assert load(tmp_path, "[backup]\nzstd_level = 19").tree.backup.zstd_level == 19
    for wrong in ("32", "100", "8192", "0"):
        error = refused(tmp_path, MMSCONSOLE_BACKUP_BLOCK_KIB=wrong)
        assert error.where == "MMSCONSOLE_BACKUP_BLOCK_KIB"
    assert refused(tmp_path, MMSCONSOLE_BACKUP_ZSTD_LEVEL="20").where.endswith("ZSTD_LEVEL")


def test_a_policy_of_the_settings_may_keep_every_snapshot_long_where_there_is_one_a_day(
    tmp_path: Path,
) -> None:
    toml = "[policy]\ninterval_minutes = 1440\nbase_days = 30\nzone = 'Europe/Berlin'"
    policy = load(tmp_path, toml, MMSCONSOLE_POLICY_DAILY="30").tree.policy.policy
    assert (policy.base_days, policy.daily, policy.zone) == (30, 30, "Europe/Berlin")
    wrong = refused(tmp_path, MMSCONSOLE_POLICY_INTERVAL_MINUTES="60")
    assert wrong.where == "MMSCONSOLE_POLICY_BASE_DAYS"
