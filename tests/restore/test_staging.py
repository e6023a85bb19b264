"""Where files are made that go elsewhere."""

from pathlib import Path

import pytest

from mmsconsole.errors import StorageError
from mmsconsole.metadata.restores import Restore
from mmsconsole.metadata.targets import Target, TargetKind
from mmsconsole.restore.staging import is_staging, remove_staging, staging_of, sweep
from mmsconsole.restore.target import WORK, claim
from tests.support.clock import ManualClock
from tests.support.metadata import settings_of
from tests.support.snapshots import write_files

ID = "0123456789ab"


def restore(kind: TargetKind, path: str = "", staging: str = "") -> Restore:
    where = Target(kind, path=path)
    return Restore(ID, "d1", "s1", path, ManualClock().now(), where=where, staging=staging)


def test_it_lies_in_the_folder_for_restores(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    assert staging_of(settings, restore(TargetKind.TAR)) == settings.home.restores / ID


def test_homes_that_share_a_named_folder_do_not_share_what_is_in_it(tmp_path: Path) -> None:
    named = {"MMSCONSOLE_RESTORE_FOLDER": str(tmp_path / "big")}
    one, other = (settings_of(tmp_path / home, **named).restores_folder for home in ("a", "b"))
    assert one != other
    assert one.parent == other.parent == tmp_path / "big"


def test_a_folder_target_is_its_own(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    assert staging_of(settings, restore(TargetKind.FOLDER, "/srv/r")) == Path("/srv/r")


def test_where_it_was_begun_it_stays_when_the_settings_change(tmp_path: Path) -> None:
    assert staging_of(settings_of(tmp_path), restore(TargetKind.TAR, staging="/x")) == Path("/x")


@pytest.mark.parametrize(
    ("name", "files", "claimed_by", "is_ours"),
    [
        (ID, {}, ID, True),
        (ID, {f"{WORK}/data/a": b""}, ID, True),
        (ID, {f"{WORK}/.tmp-claim.1.1": b""}, None, True),
        (ID, {}, None, True),
        (ID, {"mine": b""}, None, False),
        (ID, {"mine": b""}, ID, False),
        (ID, {}, "another", False),  # a restore into a folder that has such a name
        ("mine", {}, None, False),
        ("mine", {}, "mine", False),
    ],
)
def test_only_what_is_surely_ours_is_swept(
    tmp_path: Path, name: str, files: dict[str, bytes], claimed_by: str | None, is_ours: bool
) -> None:
    settings = settings_of(tmp_path)
    folder = settings.restores_folder / name
    folder.mkdir(parents=True)
    if claimed_by:
        claim(folder, claimed_by)
    write_files(folder, files)

    assert is_staging(folder) is is_ours
    sweep(settings, ManualClock(), {"used"})
    assert folder.exists() is not is_ours


def test_a_folder_of_somebody_else_is_never_removed(tmp_path: Path) -> None:
    """A record may name any path: catalogues lie where others can write."""
    write_files(tmp_path / "home", {"precious": b""})
    (tmp_path / ID).symlink_to(tmp_path / "home")
    for folder in (tmp_path / "home", tmp_path / ID):
        with pytest.raises(StorageError, match="something else"):
            remove_staging(folder, ManualClock())
    assert (tmp_path / "home/precious").exists()
    remove_staging(tmp_path / "nowhere", ManualClock())


def test_a_link_with_such_a_name_is_not_followed(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    settings.restores_folder.mkdir(parents=True)
    (tmp_path / "there").mkdir()
    (settings.restores_folder / ID).symlink_to(tmp_path / "there")
    sweep(settings, ManualClock(), set())
    assert (settings.restores_folder / ID).is_symlink()


def test_what_is_used_stays_and_no_root_is_no_matter(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    sweep(settings, ManualClock(), set())
    (settings.restores_folder / ID).mkdir(parents=True)
    sweep(settings, ManualClock(), {ID})
    assert (settings.restores_folder / ID).exists()
