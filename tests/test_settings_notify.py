"""[notify.NAME] and [alerts]: what is allowed, and what a mistake is answered with."""

from pathlib import Path

import pytest

from mmsconsole.errors import SettingsError
from mmsconsole.settings import Settings, load_settings
from mmsconsole.settings.notify import EmailSettings, PagerDutySettings

MAIL = """
[notify.ops]
kind = "email"
host = "mail.example.org"
from = "Backup <backup@example.org>"
to = ["ops@example.org"]
"""
HOOK = '[notify.hook]\nkind = "webhook"\nurl = "https://example.org/hook"\n'


def load(tmp_path: Path, toml: str) -> Settings:
    (tmp_path / "config").mkdir(exist_ok=True)
    (tmp_path / "config" / "config.toml").write_text(toml)
    return load_settings({"MMSCONSOLE_HOME": str(tmp_path)})


def refused(tmp_path: Path, toml: str) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, toml)
    return caught.value


def test_a_mail_channel_uses_starttls_and_its_port_by_default(tmp_path: Path) -> None:
    channel = load(tmp_path, MAIL).tree.notify["ops"]
    assert isinstance(channel, EmailSettings)
    assert (channel.tls, channel.port_used) == ("starttls", 587)
    assert channel.sender == "Backup <backup@example.org>"


@pytest.mark.parametrize(("tls", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_each_way_of_tls_has_its_usual_port(tmp_path: Path, tls: str, port: int) -> None:
    channel = load(tmp_path, MAIL + f'tls = "{tls}"').tree.notify["ops"]
    assert isinstance(channel, EmailSettings)
    assert channel.port_used == port


def test_every_kind_of_channel_can_be_set(tmp_path: Path) -> None:
    more = (
        '[notify.chat]\nkind = "slack"\nurl_file = "/etc/hook"\n'
        '[notify.pager]\nkind = "pagerduty"\nrouting_key = "k"\n'
        '[notify.script]\nkind = "command"\nargv = ["/usr/local/bin/tell", "--now"]\n'
    )
    channels = load(tmp_path, MAIL + HOOK + more).tree.notify
    assert [channel.kind for channel in channels.values()] == [
        "email", "webhook", "slack", "pagerduty", "command",
    ]  # fmt: skip
    pager = channels["pager"]
    assert isinstance(pager, PagerDutySettings)
    assert pager.url.get_secret_value().startswith("https://events.pagerduty.com/")


@pytest.mark.parametrize(
    ("toml", "says", "hints"),
    [
        ('[notify.x]\nkind = "sms"', "notify.x: ", "email, webhook, slack, pagerduty, command"),
        ("[notify.x]\nhost = 'h'", "notify.x: ", "email, webhook, slack, pagerduty, command"),
        ("[notify.Xy]\nkind = 'slack'\nurl = 'https://a/b'", "notify: 'Xy' can not be", "a-z"),
        (MAIL + "nosuch = 1", "notify.ops.nosuch: no such setting", "password_file, from, to"),
        (MAIL + "port = 70000", "notify.ops.port: ", "allowed in [notify.ops]"),
        (MAIL + "user = 'u'", "notify.ops: a user has a password", "password_file"),
        (
            MAIL + "user = 'u'\npassword = 'p'\ntls = 'none'",
            "notify.ops: a password is sent over TLS alone",
            "tls",
        ),
        (
            MAIL + "user = 'u'\npassword = 'p'\npassword_file = '/x'",
            "notify.ops: password or password_file, not both",
            "password",
        ),
        (MAIL.replace('["ops', '["ops\\nBcc: x'), "notify.ops.to.0: a mail address", "to"),
        (MAIL.replace('["ops', '["ops ops'), "notify.ops.to.0: a mail address", "to"),
        (MAIL.replace('["ops@example.org"]', "[]"), "notify.ops.to: ", "to"),
        (MAIL.replace('"Backup <', '"Backup\\r\\n<'), "notify.ops.from: a mail address", "from"),
        (HOOK.replace("https", "ftp"), "notify.hook.url: an http:// or https:// URL", "url"),
        (HOOK.replace("//ex", "//u:p@ex"), "notify.hook.url: an http:// or https:// URL", "url"),
        (HOOK + 'headers = { "Host" = "x" }', "notify.hook: headers: ", "headers"),
        (HOOK + 'headers = { "A" = "x\\r\\nB: y" }', "notify.hook: headers: ", "headers"),
        ('[notify.c]\nkind = "slack"', "notify.c: url or url_file has to be there", "url_file"),
        ('[notify.c]\nkind = "command"\nargv = ["tell"]', "notify.c: argv: the program", "argv"),
        ('[notify.c]\nkind = "command"\nargv = []', "notify.c.argv: ", "argv"),
        ("[alerts]\nping_url = 'x'", "alerts.ping_url: an http:// or https:// URL", "ping_url"),
        ("[alerts]\nping_seconds = 1", "alerts.ping_seconds: ", "evaluate_seconds"),
    ],
)
def test_a_mistake_names_file_key_and_what_is_allowed(
    tmp_path: Path, toml: str, says: str, hints: str
) -> None:
    error = refused(tmp_path, toml)
    assert error.what.startswith(says)
    assert hints in error.hint
    assert error.where == str(tmp_path / "config" / "config.toml")


def test_a_password_without_tls_is_for_loopback_alone(tmp_path: Path) -> None:
    mail = MAIL.replace("mail.example.org", "127.0.0.1")
    load(tmp_path, mail + "user = 'u'\npassword = 'p'\ntls = 'none'")


def test_no_secret_shows_itself(tmp_path: Path) -> None:
    toml = (
        MAIL + 'user = "u"\npassword = "hunter2"\n' + HOOK.replace("/hook", "/hunter2")
        + 'secret = "hunter2"\nheaders = { "Authorization" = "hunter2" }\n'
        '[notify.pager]\nkind = "pagerduty"\nrouting_key = "hunter2"\n'
        '[alerts]\nping_url = "https://hc.example/hunter2"\n'
    )  # fmt: skip
    assert "hunter2" not in f"{load(tmp_path, toml).tree!r}"
    for wrong in ("[notify.ops]\nkind = 'slack'\nurl = 'hunter2'", MAIL + "password = ['hunter2']"):
        error = refused(tmp_path, wrong)
        assert "hunter2" not in f"{error} {error.hint} {error.__cause__}"


def test_the_environment_sets_the_ping_and_no_channel(tmp_path: Path) -> None:
    home = {"MMSCONSOLE_HOME": str(tmp_path)}
    settings = load_settings(home | {"MMSCONSOLE_ALERTS_PING_URL": "https://hc.example/x"})
    assert settings.tree.alerts.ping_url.get_secret_value() == "https://hc.example/x"
    with pytest.raises(SettingsError, match="no such setting"):
        load_settings(home | {"MMSCONSOLE_NOTIFY_OPS": "x"})
