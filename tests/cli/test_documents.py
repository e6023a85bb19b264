"""The JSON of every answer is what it was: scripts read it."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from mmsconsole.cli.documents import document, dump, error_document, rfc3339
from mmsconsole.errors import MmsError, Refused, by_code
from mmsconsole.optime import Optime
from tests.cli import monitoring_views
from tests.cli.views import VIEWS

GOLDEN = Path(__file__).parent / "golden"


ALL = VIEWS | monitoring_views.VIEWS | monitoring_views.JSON_ONLY


@pytest.mark.parametrize("name", ALL)
def test_a_document_is_as_it_was(name: str) -> None:
    assert dump(ALL[name]) + "\n" == (GOLDEN / f"{name}.json").read_text()


def test_an_optime_is_t_and_i_without_its_term() -> None:
    assert document(Optime(5, 6, 7)) == {"t": 5, "i": 6}


def test_a_time_of_any_zone_is_told_in_utc() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert rfc3339(noon) == "2026-03-01T10:00:00.000Z"


def test_what_has_no_document_is_a_fault_and_not_a_guess() -> None:
    with pytest.raises(TypeError):
        document(object())


def test_a_view_with_something_new_in_it_is_a_fault() -> None:
    @dataclass
    class View:
        new: set[int]

    with pytest.raises(TypeError):
        document(View({1}))


def test_an_error_has_code_message_hint_and_where() -> None:
    error = Refused("it is not empty", where="/tmp/x", hint="empty it")
    assert json.loads(dump(error_document(error))) == {
        "error": {
            "code": "refused",
            "message": "it is not empty",
            "hint": "empty it",
            "where": "/tmp/x",
        }
    }


def test_every_code_leads_back_to_its_class() -> None:
    waiting = [MmsError]
    while waiting:
        kind = waiting.pop()
        if kind.__module__ == MmsError.__module__:
            assert by_code(kind.code) is kind
            assert str(kind("what", where="where", hint="hint")) == "where: what"
            waiting.extend(kind.__subclasses__())
    assert by_code("no such code") is MmsError
