"""From a member that does not answer to a mail at a real server, and the ping beside it."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mmsconsole.alerts.alerting import Alerting
from mmsconsole.clock import SystemClock
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.engines import EngineRecord
from mmsconsole.metadata.notifications import NotificationState
from mmsconsole.settings import Settings
from mmsconsole.storage.storages import open_storages
from mmsconsole.stores.resources import Resources
from tests.alerts.world import deployment, member
from tests.support.hooks import receiver
from tests.support.metadata import settings_of
from tests.support.smtp_server import smtp_server

GENEROUS = 90
CONFIG = """
[alerts]
ping_url = "{ping}"

[notify.ops]
kind = "email"
host = "127.0.0.1"
port = {port}
tls = "none"
from = "backup@example.org"
to = ["ops@example.org"]
"""


def wait_until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + GENEROUS
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.05)


def quick(settings: Settings) -> Settings:
    """Quicker than people may set it."""
    alerts = settings.tree.alerts.model_copy(update={"evaluate_seconds": 0.2, "ping_seconds": 0.5})
    return replace(settings, tree=settings.tree.model_copy(update={"alerts": alerts}))


def test_an_alert_becomes_one_mail_also_over_a_restart_and_the_ping_is_called(
    metadata: Metadata, tmp_path: Path
) -> None:
    clock, title = SystemClock(), "A member does not answer"
    with smtp_server("plain", tmp_path / "smtp") as server, receiver() as hook:
        home = tmp_path / "home"
        (home / "config").mkdir(parents=True)
        config = CONFIG.format(ping=hook.url("/ping"), port=server.port)
        (home / "config" / "config.toml").write_text(config)
        settings = quick(settings_of(home))
        resources = Resources(settings, metadata, open_storages(settings), clock, [])
        metadata.engines.announce(EngineRecord("e1", "h", "/home", "1", clock.now(), clock.now()))
        metadata.deployments.add(deployment(backup="inactive"))

        def mails() -> list[str]:
            subjects = [mail.message["Subject"] for mail in server.mails]
            return [subject for subject in subjects if title in subject]

        first = Alerting(resources, "e1")
        first.start()
        wait_until(lambda: metadata.alert_rules.find("default||host down|") is not None)
        metadata.alert_rules.collection.update_many({}, {"$set": {"for_seconds": 0}})
        now = clock.now()
        metadata.members.report([member(asked_at=now, error="refused", since=now)])
        wait_until(lambda: bool(mails()))
        first.stop(60)
        pings = len(hook.received)

        again = Alerting(resources, "e1")
        again.start()
        wait_until(lambda: len(hook.received) > pings)  # and so it has looked
        again.stop(60)

        assert len(mails()) == 1
        told = [one for one in metadata.notifications.recent() if title in one.title]
        assert [one.state for one in told] == [NotificationState.SENT]
    assert {(got.method, got.path) for got in hook.received} == {("GET", "/ping")}
