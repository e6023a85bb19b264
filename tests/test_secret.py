"""A secret is shown by reveal() and by nothing else."""

import json
import traceback

import pytest

from mmsconsole.secret import Secret

TEXT = "hunter2"


def raised() -> str:
    """What a traceback with all its values would tell."""
    try:
        raise ValueError(Secret(TEXT))
    except ValueError as error:
        return "".join(traceback.TracebackException.from_exception(error).format())


@pytest.mark.parametrize(
    "shown",
    [str(Secret(TEXT)), repr(Secret(TEXT)), f"{Secret(TEXT)}", raised()],
)
def test_no_way_of_showing_it_shows_it(shown: str) -> None:
    assert TEXT not in shown


def test_it_is_no_json() -> None:
    with pytest.raises(TypeError):
        json.dumps(Secret(TEXT))


def test_it_is_revealed_when_asked() -> None:
    assert Secret(TEXT).reveal() == TEXT
    assert Secret(TEXT) == Secret(TEXT) != Secret("other")
