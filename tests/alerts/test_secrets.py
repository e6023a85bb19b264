"""What the settings hold of secrets is in nothing that is written or told, whatever goes wrong."""

import json
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmsconsole.alerts.deadman import DeadMansPing, Pings
from mmsconsole.alerts.judging import judge
from mmsconsole.alerts.notify.building import channels_of
from mmsconsole.alerts.notify.sending import ChannelQueue, Queue
from mmsconsole.alerts.notify.trying import tried
from mmsconsole.errors import NotificationFailed
from mmsconsole.metadata.database import Metadata
from mmsconsole.secret import Secret
from mmsconsole.settings import HOME, Settings, load_settings
from tests.alerts.causes import CAUSES, Product
from tests.alerts.notify.messages import message
from tests.alerts.world import NOW
from tests.support.clock import ManualClock
from tests.support.hooks import BREAK, Receiver, receiver, status

MARK = "hunter2"
CONFIG = """
[notify.mail]
kind = "email"
host = "127.0.0.1"
port = 1
tls = "none"
user = "ops"
password = "hunter2 mail"
from = "a@example.org"
to = ["b@example.org"]

[notify.hook]
kind = "webhook"
url = "{url}/hunter2"
secret = "hunter2 signature"
headers = {{ "Authorization" = "hunter2 header" }}

[notify.chat]
kind = "slack"
url = "{url}/hunter2"

[notify.pager]
kind = "pagerduty"
routing_key = "hunter2 key"
url = "{url}/hunter2?hunter2"

[alerts]
ping_url = "{url}/hunter2"
ping_fail_url = "{url}/hunter2"
"""


def settings_with(folder: Path, server: Receiver) -> Settings:
    (folder / "config").mkdir(exist_ok=True)
    config = CONFIG.format(url=server.url(""))
    (folder / "config/config.toml").write_text(config)
    return load_settings({HOME: str(folder)})


@pytest.fixture(params=[
    status(500), status(404), BREAK, status(302, Location=f"http://{MARK}:{MARK}@127.0.0.1/"),
    status(307, Location=f"http://127.0.0.1/{MARK}"), b"HTTP/9 no\r\n\r\n",
    b"no\r\n",
], ids=["500", "404", "break", "302", "307", "no-http", "no-protocol"])  # fmt: skip
def failing(request: pytest.FixtureRequest) -> Iterator[Receiver]:
    with receiver(request.param) as server:
        yield server


def test_no_failure_of_a_channel_shows_a_secret_also_not_in_its_causes(
    failing: Receiver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_with(tmp_path, failing)
    told = [repr(settings.tree.notify), repr(settings.tree.alerts)]
    for channel in channels_of(settings, ManualClock(NOW)).values():
        with pytest.raises(NotificationFailed) as caught:
            channel.send(message())
        told += [*traceback.format_exception(caught.value), repr(vars(channel))]
        told.append(repr(tried(channel, ManualClock(NOW), "ann")))
    assert MARK not in "\n".join(told)
    assert MARK not in caplog.text


def test_nothing_that_is_written_of_alerts_holds_a_secret(
    metadata: Metadata, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "mmsconsole")
    clock = ManualClock(NOW)
    product = Product(metadata)
    CAUSES["host down"](product, product.well("d1"))
    metadata.deployments.set("d1", uri=Secret(f"mongodb://u:{MARK}@db1/"))
    with receiver(status(500)) as server:
        settings = settings_with(tmp_path, server)
        for seconds in (0, 100, 1000):
            judge(metadata, settings, "default", NOW, seconds)
        queue = Queue(metadata, clock, "e1")
        for channel in channels_of(settings, clock).values():
            ChannelQueue(queue, channel).round()
        DeadMansPing(Pings.of(settings), lambda: True, clock).tick()
    written = {
        name: list(metadata.database[name].find())
        for name in ("alerts", "alert_rules", "notifications", "events", "alert_pendings", "leases")
    }
    assert written["notifications"], "there is something to look at"
    assert {one["state"] for one in written["notifications"]} == {"failed", "queued"}
    assert MARK not in json.dumps(written, default=str)
    assert MARK not in caplog.text
