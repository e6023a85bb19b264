"""The master key of a store is changed by the command line's words, and leaves a trace."""

import sys
from functools import partial
from pathlib import Path

import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.engine.run import real_parts
from mmsconsole.errors import KeyUnusable, Refused, UsageError
from mmsconsole.metadata.database import Metadata
from mmsconsole.operations import doctor
from mmsconsole.operations.operations import Actor, Operations
from mmsconsole.settings import HOME, Settings
from mmsconsole.storage.open import open_storage
from mmsconsole.stores.remembered import Remembered
from tests.operations.records import FakeSources, SteppingClock
from tests.support.metadata import settings_of


def key_file(folder: Path, name: str, byte: str) -> Path:
    path = folder / name
    path.write_text(byte * 32)
    path.chmod(0o600)
    return path


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return key_file(tmp_path, "old.key", "0a")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return key_file(tmp_path, "new.key", "0b")


def with_key(tmp_path: Path, key: Path) -> Settings:
    return settings_of(tmp_path / "home", MMSCONSOLE_STORAGE_KEY_FILE=str(key))


@pytest.fixture
def settings(tmp_path: Path, old: Path) -> Settings:
    return with_key(tmp_path, old)


def operations_with(metadata: Metadata, settings: Settings, clock: SteppingClock) -> Operations:
    return Operations(metadata, settings, clock, Actor("ada"), sources=FakeSources())


def test_a_master_key_is_changed_in_two_steps_and_each_leaves_an_event(
    operations: Operations, metadata: Metadata, wall_clock: SteppingClock, tmp_path: Path,
    old: Path, new: Path,
) -> None:  # fmt: skip
    open_storage(with_key(tmp_path, old)).put("a/k", [b"x"])

    added = operations.rotate_key("default", new_key_file=new)

    assert (added.data_keys, added.opened, added.closed) == (1, 1, 0)
    assert added.master != added.new_master
    for key in (old, new):
        assert open_storage(with_key(tmp_path, key)).get("a/k") == b"x"

    later = operations_with(metadata, with_key(tmp_path, new), wall_clock)
    dropped = later.drop_old_keys("default")

    assert (dropped.master, dropped.closed) == (added.new_master, 1)
    assert open_storage(with_key(tmp_path, new)).get("a/k") == b"x"
    with pytest.raises(KeyUnusable):
        open_storage(with_key(tmp_path, old)).get("a/k")
    events = operations.events()
    assert [event.kind for event in events] == ["master key dropped", "master key added"]
    assert {event.actor for event in events} == {"ada"}


def test_a_program_may_give_the_new_key(
    operations: Operations, tmp_path: Path, old: Path, new: Path
) -> None:
    open_storage(with_key(tmp_path, old)).put("a/k", [b"x"])

    operations.rotate_key("default", new_key_command=(sys.executable, "-c", "print('0b' * 32)"))

    assert open_storage(with_key(tmp_path, new)).get("a/k") == b"x"


def test_a_new_data_key_can_be_asked_for(operations: Operations, tmp_path: Path) -> None:
    assert operations.rotate_key("default", new_data_key=True).data_keys == 1
    assert operations.rotate_key("default", new_data_key=True).data_keys == 2


def test_what_makes_no_sense_is_refused_and_nothing_is_changed(
    operations: Operations, tmp_path: Path, old: Path, new: Path
) -> None:
    with pytest.raises(UsageError, match="name a new master key"):
        operations.rotate_key("default")
    with pytest.raises(UsageError, match="one new master key"):
        operations.rotate_key("default", new_key_file=new, new_key_command=("x",))
    with pytest.raises(Refused, match="has already"):
        operations.rotate_key("default", new_key_file=old)
    assert operations.events() == []


def test_a_store_without_encryption_has_no_key_to_change(
    metadata: Metadata, wall_clock: SteppingClock, tmp_path: Path, new: Path
) -> None:
    plain = operations_with(metadata, settings_of(tmp_path / "home"), wall_clock)

    with pytest.raises(Refused, match="not encrypted") as caught:
        plain.rotate_key("default", new_key_file=new)

    assert caught.value.where == "default"
    assert caught.value.hint


def test_a_wrong_key_is_said_by_the_doctor_and_keeps_an_engine_from_starting(
    metadata: Metadata, tmp_path: Path, old: Path, new: Path, wall_clock: SteppingClock
) -> None:
    open_storage(with_key(tmp_path, old)).put("a/k", [b"x"])
    environ = {HOME: str(tmp_path / "home"), "MMSCONSOLE_STORAGE_KEY_FILE": str(new)}

    (said,) = [each for each in doctor.examine(environ, wall_clock) if each.check == "store"]

    assert not said.ok
    assert "this is not the store's master key" in said.found
    wrong, memories = with_key(tmp_path, new), partial(Remembered, metadata)
    with pytest.raises(KeyUnusable, match="this is not the store's master key"):
        real_parts(wrong, SystemClock())._open_storages(wrong, memories=memories)
