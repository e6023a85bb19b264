import os
from pathlib import Path

import pytest

from mmsconsole.errors import MongodFailed, MongodLibraryMissing, NoSuitableMongod, UsageError
from mmsconsole.mongod.binaries import MongodBinary, Version, choose_binary, find_binaries, probe

LOADER_SAYS = (
    "{0}: error while loading shared libraries: {1}: "
    "cannot open shared object file: No such file or directory"
)


@pytest.fixture
def script(tmp_path):
    """script(name, body) -> path of an executable shell script."""

    def write(name: str, body: str) -> Path:
        path = tmp_path / name / "mongod"
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    return write


def at(version: str) -> MongodBinary:
    return MongodBinary(Path(f"/opt/{version}/mongod"), Version.parse(version))


def test_a_version_is_found_in_what_a_mongod_says():
    assert Version.parse("db version v7.0.14-rc1") == (7, 0, 14)
    assert str(Version.parse("6.0.5")) == "6.0.5"
    assert Version.parse("6.0.10") > Version.parse("6.0.9")


def test_a_text_without_a_version_is_refused():
    with pytest.raises(UsageError):
        Version.parse("six")


def test_a_real_mongod_tells_its_version(mongod_binary):
    assert probe(mongod_binary.path) == mongod_binary
    assert mongod_binary.version.series == (6, 0)


@pytest.mark.parametrize(
    ("library", "hint"),
    [
        ("libcurl.so.4", "apt-get install libcurl4"),
        ("libcrypto.so.3", "apt-get install libcurl4"),
        ("libsasl2.so.2", "install the package that holds libsasl2.so.2"),
    ],
)
def test_a_missing_shared_library_is_named_with_the_package_to_install(script, library, hint):
    path = script("bad", f"echo '{LOADER_SAYS.format('mongod', library)}' >&2; exit 127")

    with pytest.raises(MongodLibraryMissing) as caught:
        probe(path)

    assert library in caught.value.what
    assert caught.value.hint == hint
    assert caught.value.where == str(path)


@pytest.mark.parametrize("body", ["exit 3", "echo hello", "echo oops >&2; exit 1"])
def test_what_is_no_mongod_is_refused(script, body):
    with pytest.raises(MongodFailed):
        probe(script("not", body))


def test_a_file_that_can_not_be_run_is_refused(tmp_path):
    with pytest.raises(MongodFailed, match="No such file"):
        probe(tmp_path / "nothing")


def test_the_settings_binaries_come_before_those_of_path(script):
    named = script("named", "echo db version v7.0.1")
    on_path = script("path", "echo db version v5.0.9")

    found = find_binaries([named], {"PATH": f"/nowhere:{on_path.parent}"})

    assert [binary.path for binary in found[:2]] == [named, on_path]


def test_a_binary_of_the_settings_that_does_not_work_is_an_error(script, tmp_path):
    good = script("good", "echo db version v7.0.1")

    with pytest.raises(MongodFailed):
        find_binaries([good, tmp_path / "nothing"], {})


def test_a_broken_mongod_on_path_is_passed_over_while_another_works(script, mongod_binary):
    broken = script("broken", "exit 1")

    found = find_binaries([mongod_binary.path], {"PATH": str(broken.parent)})

    assert found == [mongod_binary]


def test_when_no_mongod_works_the_reason_is_told(script, monkeypatch):
    broken = script(
        "broken", f"echo '{LOADER_SAYS.format('mongod', 'libcurl.so.4')}' >&2; exit 127"
    )
    monkeypatch.setattr("mmsconsole.mongod.binaries.EXTRA_PACKAGE", "no.such.package")

    with pytest.raises(MongodLibraryMissing):
        find_binaries([], {"PATH": str(broken.parent)})


def test_each_file_is_found_once(mongod_binary):
    folder = str(mongod_binary.path.parent)

    assert find_binaries([mongod_binary.path], {"PATH": f"{folder}:{folder}"}) == [mongod_binary]


def test_the_extra_is_found_without_path(mongod_binary):
    assert mongod_binary in find_binaries([], {"PATH": os.devnull})


@pytest.mark.parametrize(
    ("at_hand", "source", "chosen"),
    [
        (["6.0.5"], "6.0.5", "6.0.5"),
        (["6.0.5"], "6.0.19", "6.0.5"),
        (["6.0.5", "6.0.12", "6.0.9"], "6.0.1", "6.0.12"),
        (["5.0.30", "6.0.5", "7.0.2"], "5.0.4", "5.0.30"),
        (["6.0.5"], "6.0.5-rc2", "6.0.5"),
    ],
)
def test_the_highest_patch_of_the_sources_series_is_chosen(at_hand, source, chosen):
    binary = choose_binary([at(version) for version in at_hand], source, "6.0")

    assert str(binary.version) == chosen


@pytest.mark.parametrize(
    ("at_hand", "source"),
    [([], "6.0.5"), (["7.0.2"], "6.0.5"), (["5.0.30"], "6.0.5"), (["6.1.1"], "6.0.5")],
)
def test_without_one_of_the_series_the_refusal_says_what_to_do(at_hand, source):
    with pytest.raises(NoSuitableMongod) as caught:
        choose_binary([at(version) for version in at_hand], source, "6.0")

    assert "6.0.5" in caught.value.what
    assert all(version in caught.value.what for version in at_hand)
    assert "binaries" in caught.value.hint
