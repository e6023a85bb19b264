import json

from mmsconsole.mongod import logs


def line(severity: str, message: str, **attributes: object) -> str:
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


def test_a_large_log_is_put_aside_at_the_next_start(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "LOG_BYTES_MAX", 10)
    log = tmp_path / "mongod.log"
    log.write_text("a" * 11)

    assert logs.begin(log) == 0
    assert not log.exists()
    assert (tmp_path / "mongod.log.1").read_text() == "a" * 11


def test_a_small_log_goes_on_where_it_ended(tmp_path):
    log = tmp_path / "mongod.log"
    log.write_text("older\n")
    offset = logs.begin(log)
    log.write_text("older\nnewer\n")

    assert logs.read_from(log, offset) == "newer\n"
