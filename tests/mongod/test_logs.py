import json

import pytest

from mmsconsole.mongod import logs


def line(severity: str, message: str, /, **attributes: object) -> str:
    return json.dumps({"s": severity, "msg": message, "attr": attributes})


def test_the_reason_is_the_first_error_not_what_follows_from_it():
    said = "\n".join([
        line("I", "starting"),
        line("E", "DBException", error="Location1: no such engine"),
        line("F", "Fatal assertion"),
        line("I", "bye"),
    ])  # fmt: skip

    assert logs.reason(said) == "DBException Location1: no such engine"


def test_without_an_error_what_is_no_json_is_the_reason():
    said = 'Error parsing command line\n{"s": "I", "msg": "x"}\n\ntry --help\n'

    assert logs.reason(said) == "Error parsing command line; try --help"


def test_an_empty_log_gives_a_reason_too():
    assert "nothing" in logs.reason("")


def test_lines_that_are_no_objects_do_no_harm():
    assert logs.reason("[1]\n7\nnull\n") == "[1]; 7; null"


def test_a_write_that_found_no_room_is_known_by_the_systems_words_in_an_error():
    full = {"error": 28, "message": {"msg": "pwrite", "error_str": "No space left on device"}}

    assert logs.no_room(line("I", "ready") + "\n" + line("E", "WiredTiger error", **full)) == (
        "No space left on device"
    )
    assert logs.no_room(line("I", "a client said: No space left on device")) == ""
    assert logs.no_room(line("E", "DBException", error="Location1: no such engine")) == ""


def test_a_large_log_is_put_aside_at_the_next_start(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "LOG_BYTES_MAX", 10)
    log = tmp_path / "mongod.log"
    log.write_text("a" * 11)

    assert logs.begin(log) == 0
    assert not log.exists()
    assert (tmp_path / "mongod.log.1").read_text() == "a" * 11


def test_of_a_long_log_the_last_whole_lines_are_read(tmp_path):
    log = tmp_path / "mongod.log"
    log.write_text("first\nsecond\nthird\n")

    assert logs.read_from(log, 0, bytes_max=9) == "third\n"
    assert logs.read_from(log, 6) == "second\nthird\n"


def test_a_small_log_goes_on_where_it_ended(tmp_path):
    log = tmp_path / "mongod.log"
    log.write_text("older\n")
    offset = logs.begin(log)
    log.write_text("older\nnewer\n")

    assert logs.read_from(log, offset) == "newer\n"


def wiredtiger(code: int, message: str) -> str:
    return line("E", "WiredTiger error message", error=code, message={"msg": message})


def test_what_wiredtiger_says_is_the_reason():
    said = wiredtiger(-31802, "__desc_read:381:WiredTiger.wt is corrupted")

    assert logs.reason(said).endswith("__desc_read:381:WiredTiger.wt is corrupted")


@pytest.mark.parametrize(
    ("said", "damage"),
    [
        (wiredtiger(-31802, "read checksum error"), True),
        (wiredtiger(-31809, "salvage"), True),
        (wiredtiger(2, "No such file or directory"), True),
        (wiredtiger(5, "Input/output error"), True),
        (line("F", "Unable to read the storage engine metadata file", error={}), True),
        (wiredtiger(28, "write: No space left on device"), False),
        (wiredtiger(13, "Permission denied"), False),
        (wiredtiger(24, "Too many open files"), False),
        (wiredtiger(28, "write") + "\n" + wiredtiger(-31804, "panic"), False),
        (line("E", "DBException in initAndListen, terminating", error="DBPathInUse"), False),
        (line("F", "Invariant failure"), False),
        (line("I", "WiredTiger error message", error=-31802), False),
        ("mongod: error while loading shared libraries", False),
        ("", False),
    ],
)
def test_damaged_files_are_told_from_surroundings_that_hinder_a_mongod(said, damage):
    assert logs.tells_of_damage(said) is damage
