"""A rack dies: everybody is told of all of it, and nobody gets two hundred mails."""

from pathlib import Path

from mmsconsole.alerts.judging import judge
from mmsconsole.alerts.notify.channel import Message
from mmsconsole.alerts.notify.sending import ChannelQueue, Queue
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.notifications import NotificationState
from mmsconsole.settings import HOME, load_settings
from tests.alerts.causes import Product, host
from tests.alerts.world import NOW, ago, deployment
from tests.support.clock import ManualClock

SETS, MEMBERS = 50, 4
CONFIG = """
[notify.mail]
kind = "email"
host = "localhost"
from = "a@example.org"
to = ["b@example.org"]
"""


class Mail:
    name, kind = "mail", "email"

    def __init__(self) -> None:
        self.sent: list[Message] = []

    def send(self, message: Message) -> None:
        self.sent.append(message)


def report(metadata: Metadata, error: str) -> None:
    for number in range(SETS):
        id_ = f"set{number}"
        metadata.members.report([
            host(id_, f"db{member}.{id_}:27017", error=error, since=ago(minutes=2),
                 state="SECONDARY", primary="elsewhere:1")
            for member in range(MEMBERS)
        ])  # fmt: skip


def test_two_hundred_members_that_die_are_one_mail_and_one_more_when_they_are_back(
    metadata: Metadata, tmp_path: Path
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.toml").write_text(CONFIG)
    settings = load_settings({HOME: str(tmp_path)})
    Product(metadata)
    for number in range(SETS):
        metadata.deployments.add(deployment(f"set{number}", backup="inactive", head=""))
    mail = Mail()
    sender = ChannelQueue(Queue(metadata, ManualClock(NOW), "e1"), mail)

    def look_and_send(seconds: float) -> None:
        judge(metadata, settings, "default", NOW, seconds)
        while sender.round() == 0:
            pass

    report(metadata, "refused")
    for seconds in (0, 20, 40):
        look_and_send(seconds)
    assert [one.title for one in mail.sent] == ["200 alerts: 200 opened"]
    assert mail.sent[0].text.count("A member does not answer: name-set") == 200
    report(metadata, "")
    for seconds in (50, 70):
        look_and_send(seconds)
    assert [one.title for one in mail.sent[1:]] == ["200 alerts: 200 over"]
    states = metadata.notifications.collection.distinct("state")
    assert states == [NotificationState.SENT.value]
