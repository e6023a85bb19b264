"""Requests to receivers on loopback, which answer as they like."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mmsconsole.alerts.notify.http import Limits, Request, call
from mmsconsole.errors import NotificationFailed
from mmsconsole.secret import Secret
from tests.support.certificates import Certificates
from tests.support.hooks import BREAK, DRIP, HANG, HUGE, OK, nobody, receiver, status

LONG = Limits(seconds=60, redirects=3)
SHORT = Limits(seconds=0.3, redirects=3)


def ask(url: str, limits: Limits = LONG, **more: object) -> None:
    call(Request(Secret(url), body=b'{"a":1}', **more), limits)  # type: ignore[arg-type]


def failed(url: str, limits: Limits = LONG, **more: object) -> NotificationFailed:
    with pytest.raises(NotificationFailed) as caught:
        ask(url, limits, **more)
    assert "secret-path" not in f"{caught.value} {caught.value.hint} {caught.value.where}"
    return caught.value


def test_the_body_arrives_as_it_is() -> None:
    with receiver() as server:
        ask(server.url("/secret-path?x=1"), headers={"Content-Type": "application/json"})
    (got,) = server.received
    assert (got.method, got.path, got.body) == ("POST", "/secret-path?x=1", b'{"a":1}')
    assert got.headers["Host"] == f"127.0.0.1:{server.port}"


@pytest.mark.parametrize("answer", [HANG, DRIP])
def test_a_server_that_hangs_or_drips_is_left(answer: bytes) -> None:
    with receiver(answer) as server:
        error = failed(server.url("/secret-path"), SHORT)
    assert error.what == "it does not answer in time"
    assert error.again


def test_nothing_is_read_of_a_huge_answer() -> None:
    with receiver(HUGE) as server:
        ask(server.url())
    assert len(server.received) == 1


def test_a_connection_that_breaks_is_tried_again() -> None:
    with receiver(BREAK) as server:
        assert failed(server.url()).again


def test_a_server_that_is_not_there_is_tried_again() -> None:
    with nobody() as port:
        error = failed(f"http://127.0.0.1:{port}/secret-path")
    assert error.again
    assert error.what == "no connection to it: Connection refused"


@pytest.mark.parametrize(
    ("code", "again"),
    [(400, False), (401, False), (404, False), (408, True), (429, True), (500, True), (503, True)],
)
def test_the_status_says_whether_another_try_may_do(code: int, again: bool) -> None:
    with receiver(status(code)) as server:
        error = failed(server.url("/secret-path"))
    assert error.what == f"it answers {code}"
    assert error.again is again


@pytest.mark.parametrize("code", [307, 308])
@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1:{port}/in", "http://[::1]:{port}/in", "http://169.254.169.254/latest",
     "http://[::ffff:127.0.0.1]:{port}/in", "http://10.1.2.3/", "/other", "//127.1:{port}/in",
     "http://2130706433:{port}/in", "http://0:{port}/in", "http://localhost:{port}/in"],
)  # fmt: skip
def test_a_redirect_to_a_private_address_is_refused(code: int, target: str) -> None:
    with receiver(OK) as inner:
        answer = status(code, Location=target.format(port=inner.port))
        with receiver(answer, OK) as outer:
            error = failed(outer.url())
    assert "is not called: " in error.what
    assert not error.again
    assert inner.received == []
    assert len(outer.received) == 1


def test_a_name_that_a_redirect_leads_to_is_checked_by_its_addresses() -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> Iterator[str]:
        asked.append(host)
        return iter(["127.0.0.1"])

    answer = status(307, Location="http://rebound.example/in")
    with receiver(answer, OK) as server, pytest.raises(NotificationFailed, match="is not called"):
        call(Request(Secret(server.url(host="hook.example"))), LONG, resolve)
    assert asked == ["hook.example", "rebound.example"]
    assert len(server.received) == 1


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    """The name resolves to another address the second time: it is asked once."""
    answers = iter([["127.0.0.1"]])
    with receiver() as server:
        call(Request(Secret(server.url(host="hook.example"))), LONG, lambda *_: next(answers))
    (got,) = server.received
    assert got.headers["Host"] == f"hook.example:{server.port}"


def test_one_refused_address_of_a_name_refuses_them_all() -> None:
    with (
        receiver() as server,
        pytest.raises(NotificationFailed, match=r"169\.254\.169\.254 is not"),
    ):
        call(Request(Secret(server.url(host="hook.example"))), LONG,
             lambda *_: ["127.0.0.1", "169.254.169.254"])  # fmt: skip
    assert server.received == []


@pytest.mark.parametrize("code", [301, 302, 303])
def test_a_post_is_never_made_a_get(code: int) -> None:
    with receiver(status(code, Location="http://example.org/")) as server:
        error = failed(server.url("/secret-path"))
    assert f"it answers {code}, which would make another request of a POST" in error.what
    assert not error.again
    assert "name the URL that it leads to" in error.hint


@pytest.mark.parametrize(
    "target",
    ["", "ftp://example.org/", "http://a b/", "http://[::1", "x" * 4000, "http://u:p@example.org/"],
)
def test_a_redirect_to_what_is_no_url_is_refused(target: str) -> None:
    with receiver(status(307, Location=target)) as server:
        assert failed(server.url("/secret-path")).what == "it sends us to what is no URL"


def test_redirects_are_followed_a_few_times_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmsconsole.alerts.notify.http.why_refused", lambda *_, **__: "")
    with receiver(status(307, Location="/again")) as server:
        assert failed(server.url()).what == "it sends us elsewhere"
    assert len(server.received) == 4
    assert {got.body for got in server.received} == {b'{"a":1}'}


def test_own_headers_go_to_no_other_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmsconsole.alerts.notify.http.why_refused", lambda *_, **__: "")
    with receiver() as other, receiver(status(307, Location=other.url())) as server:
        ask(server.url(), own_headers={"Authorization": "Bearer x"})
    assert server.received[0].headers["Authorization"] == "Bearer x"
    assert "Authorization" not in other.received[0].headers


def test_https_is_not_left_for_http(certificates: Certificates) -> None:
    answer = status(307, Location="http://example.org/")
    limits = Limits(60, 3, str(certificates.authority))
    with receiver(answer, certificate=certificates.server) as server:
        assert failed(server.url(), limits).what == "it sends us from https to http"


def test_a_certificate_of_an_authority_of_ones_own_is_checked(certificates: Certificates) -> None:
    limits = Limits(60, 0, str(certificates.authority))
    with receiver(certificate=certificates.server) as server:
        ask(server.url(), limits)
        ask(server.url(host="localhost"), limits)
        for wrong in ("", str(certificates.stranger)):
            error = failed(server.url("/secret-path"), Limits(60, 0, wrong))
            assert "certificate is not trusted" in error.what
            assert not error.again
    assert len(server.received) == 2


def test_a_certificate_of_another_name_is_refused(certificates: Certificates) -> None:
    limits = Limits(60, 0, str(certificates.authority))
    with (
        receiver(certificate=certificates.server) as server,
        pytest.raises(NotificationFailed, match="certificate is not trusted"),
    ):
        call(Request(Secret(server.url(host="hook.example"))), limits, lambda *_: ["127.0.0.1"])
    assert server.received == []


def test_a_file_that_is_no_authority_is_named(tmp_path: Path) -> None:
    error = failed("https://127.0.0.1:1/", Limits(60, 0, str(tmp_path / "none.pem")))
    assert error.where == str(tmp_path / "none.pem")
