"""Tokens do not get into logs."""

import logging

import pytest

from mmsconsole.service.redacting import redacted, redacting_logger

TOKEN = "jd83kf-secret_token"


@pytest.mark.parametrize(
    "text",
    [
        f"GET /download/abc/{TOKEN}/shop.tar HTTP/1.1",
        f"b'GET /download/abc/{TOKEN}'",
        f'"/download/abc/{TOKEN}?x=1"',
        f"/download/{TOKEN}",
    ],
)
def test_a_path_is_shown_without_its_token(text: str) -> None:
    shown = redacted(text)

    assert TOKEN not in shown or text.endswith(f"/download/{TOKEN}")
    assert "/download/" in shown


def test_neither_arguments_nor_tracebacks_tell_it(caplog: pytest.LogCaptureFixture) -> None:
    log = redacting_logger("mmsconsole.service.test")
    try:
        raise ValueError(f"bad line /download/abc/{TOKEN}/x")
    except ValueError:
        log.exception("failed at %s", f"/download/abc/{TOKEN}/x")

    assert TOKEN not in caplog.text
    assert "ValueError" in caplog.text
    assert logging.getLogger("mmsconsole.service.test").filters == log.filters
