"""Mails: their headers, and how they reach real SMTP servers."""

import logging
import re
from collections.abc import Iterator
from contextlib import ExitStack
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.alerts.notify.email import EmailChannel, mail_of
from mmsconsole.errors import NotificationFailed
from mmsconsole.metadata.notifications import NotificationKind
from mmsconsole.settings.notify import EmailSettings
from tests.alerts.notify.messages import PAYLOAD, message
from tests.support.certificates import Certificates
from tests.support.hooks import nobody
from tests.support.smtp_server import PASSWORD, USER, SmtpServer, smtp_server

SENDER = "Backup Überwacher <backup@example.org>"
TO = ["Ops <ops@example.org>", "night@example.org"]
HOSTILE = "x\r\nBcc: evil@example.org\r\n\r\n.\r\nMAIL FROM:<evil@example.org>\x00\udcff"


def parsed(**changes: Any) -> EmailMessage:
    data = mail_of(message(**changes), SENDER, TO).as_bytes()
    return message_from_bytes(data, policy=policy.default)  # type: ignore[return-value]


def test_a_mail_has_text_and_html_and_says_that_a_machine_wrote_it() -> None:
    mail = parsed()
    assert mail["Subject"] == "shop: A secondary is behind: db2:27017"
    assert (mail["From"], mail["To"]) == (SENDER, ", ".join(TO))
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"] == "Mon, 06 May 2024 07:08:09 +0000"
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.iter_parts()
    assert plain.get_content().splitlines() == message().text.splitlines()
    assert html.get_content().split() == message().html.split()


def test_a_long_subject_stands_on_one_line() -> None:
    """Folded by the default it would begin behind an empty first line."""
    title = "A member is locked against writes (fsyncLock): shop db1.example.net:27017"
    told = message(title=title, kind=NotificationKind.CLOSED)
    mail = mail_of(told, "backup@example.org", TO).as_bytes()
    assert f"\nSubject: Over: {title}\r\n".encode() in mail


def test_no_encoded_word_of_a_header_is_longer_than_readers_take() -> None:
    data = mail_of(message(title="Ü" * 140), "Ü" * 100 + " <backup@example.org>", TO).as_bytes()
    words = re.findall(rb"=\?utf-8\?[bq]\?.*?\?=", data.partition(b"\r\n\r\n")[0])
    assert len(words) > 5
    assert max(map(len, words)) <= 76


def test_mails_of_one_alert_are_a_thread_and_each_has_an_id_of_its_own() -> None:
    first = parsed()
    end = parsed(id_="a1b2c3-2-ops", kind=NotificationKind.CLOSED)
    assert first["Message-ID"] != end["Message-ID"]
    assert first["References"] == end["References"] == "<a1b2c3@example.org>"
    assert first["Message-ID"] == parsed()["Message-ID"], "a second try is the same mail"


def test_no_name_from_outside_makes_a_header_or_a_command() -> None:
    payload = PAYLOAD | dict.fromkeys(("deployment", "subject", "group", "hint"), HOSTILE)
    mail = parsed(
        title=HOSTILE, text=HOSTILE, payload=payload, id_="a\r\nBcc: x", alert="b\r\nX: y"
    )
    assert set(mail.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
        "Auto-Submitted", "X-Auto-Response-Suppress", "X-Priority", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert "evil@example.org" in mail["Subject"]
    assert mail["To"] == ", ".join(TO)
    mail_of(message(text=HOSTILE), SENDER, TO).as_bytes().decode("ascii")


@pytest.fixture(scope="module")
def servers(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Each is started when it is first asked for."""
    started: dict[str, SmtpServer] = {}
    with ExitStack() as stack:

        def server(mode: str) -> SmtpServer:
            if mode not in started:
                folder = tmp_path_factory.mktemp("smtp")
                started[mode] = stack.enter_context(smtp_server(mode, folder, certificates.server))
            return started[mode]

        yield server


def channel(server: SmtpServer, certificates: Certificates, **changes: Any) -> EmailChannel:
    fields = {
        "kind": "email", "host": "127.0.0.1", "port": server.port, "timeout_seconds": 60,
        "from": SENDER, "to": TO, "ca_file": str(certificates.authority),
    }  # fmt: skip
    return EmailChannel("ops", EmailSettings.model_validate(fields | changes))


LOGIN = {"user": USER, "password": PASSWORD}


@pytest.mark.parametrize(
    ("mode", "changes"),
    [
        ("plain", {"tls": "none"}),
        ("plain+auth", {"tls": "none", **LOGIN}),
        ("starttls", {}),
        ("starttls+auth", LOGIN),
        ("tls", {"tls": "tls"}),
        ("tls", {"tls": "tls", "host": "localhost"}),
    ],
)
def test_a_mail_reaches_a_real_server(
    servers: Any, certificates: Certificates, mode: str, changes: dict[str, Any]
) -> None:
    server = servers(mode)
    before = len(server.mails)

    channel(server, certificates, **changes).send(message())

    (mail,) = server.mails[before:]
    assert (mail.sender, mail.to) == (
        "backup@example.org",
        ["ops@example.org", "night@example.org"],
    )
    assert mail.tls is (mode[:5] != "plain")
    assert mail.user == (USER if "auth" in mode else "")
    assert mail.message["Subject"] == message().title


def test_the_password_may_be_in_a_file(
    servers: Any, certificates: Certificates, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    file.chmod(0o600)
    ops = channel(servers("starttls+auth"), certificates, user=USER, password_file=str(file))
    ops.send(message())
    file.chmod(0o644)
    with pytest.raises(NotificationFailed, match="everybody may read the secret"):
        ops.send(message())


def failed(server: SmtpServer, certificates: Certificates, **changes: Any) -> NotificationFailed:
    with pytest.raises(NotificationFailed) as caught:
        channel(server, certificates, **changes).send(message())
    error = caught.value
    assert PASSWORD not in f"{error} {error.hint} {error!r}"
    assert error.where == f"127.0.0.1:{server.port}"
    return error


def test_without_starttls_nothing_is_sent_in_the_clear(
    servers: Any, certificates: Certificates
) -> None:
    server = servers("plain")
    before = len(server.mails)
    error = failed(server, certificates)
    assert "does not offer what the settings want: STARTTLS" in error.what
    assert not error.again
    assert len(server.mails) == before


@pytest.mark.parametrize(("mode", "tls"), [("starttls", "starttls"), ("tls", "tls")])
def test_a_certificate_that_is_not_trusted_ends_it(
    servers: Any, certificates: Certificates, mode: str, tls: str
) -> None:
    server = servers(mode)
    before = len(server.mails)
    for wrong in (str(certificates.stranger), ""):
        error = failed(server, certificates, tls=tls, ca_file=wrong)
        assert "certificate is not trusted" in error.what
        assert not error.again
    assert len(server.mails) == before


def test_a_certificate_of_another_name_ends_it(
    servers: Any, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmsconsole.alerts.notify.deadline.addresses_of", lambda *_: ["127.0.0.1"])
    for mode in ("starttls", "tls"):
        ops = channel(servers(mode), certificates, tls=mode, host="mail.example.org")
        with pytest.raises(NotificationFailed, match="certificate is not trusted"):
            ops.send(message())


def test_a_wrong_password_is_told_without_it(servers: Any, certificates: Certificates) -> None:
    error = failed(servers("starttls+auth"), certificates, user=USER, password=PASSWORD + "x")
    assert error.what == "it refuses user or password (535)"
    assert not error.again


def test_a_server_that_is_busy_is_tried_again(servers: Any, certificates: Certificates) -> None:
    error = failed(servers("busy"), certificates, tls="none")
    assert (error.what, error.again) == ("it refuses the mail (451)", True)


def test_a_server_that_refuses_says_so_and_its_words_are_not_quoted(
    servers: Any, certificates: Certificates
) -> None:
    error = failed(servers("refusing"), certificates, tls="none")
    assert (error.what, error.again) == ("it refuses the mail (550)", False)


def test_one_refused_address_does_not_keep_the_mail_from_the_others(
    servers: Any, certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    server = servers("plain")
    with caplog.at_level(logging.WARNING):
        channel(server, certificates, tls="none", to=["nobody@example.org", *TO]).send(message())
    assert server.mails[-1].to == ["ops@example.org", "night@example.org"]
    assert "did not take a mail for 1 of its addresses" in caplog.text


@pytest.mark.parametrize("mode", ["hanging", "dripping"])
@pytest.mark.parametrize("tls", ["none", "starttls", "tls"])
def test_a_server_that_hangs_or_drips_is_left(
    servers: Any, certificates: Certificates, mode: str, tls: str
) -> None:
    server = servers(mode)
    settings = EmailSettings.model_construct(
        kind="email", host="127.0.0.1", port=server.port, timeout_seconds=0.3, tls=tls, user="",
        ca_file="", sender=SENDER, to=TO,
    )  # fmt: skip
    with pytest.raises(NotificationFailed) as caught:
        EmailChannel("ops", settings).send(message())
    assert caught.value.again or "does not speak TLS" in caught.value.what


def test_a_server_that_is_not_there_is_tried_again(
    certificates: Certificates, tmp_path: Path
) -> None:
    with nobody() as port:
        assert failed(SmtpServer(port, tmp_path), certificates).again
