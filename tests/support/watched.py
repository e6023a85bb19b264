"""A stage whose engine watches its source every second, and mails what is wrong to loopback."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mmsconsole.alerts.conditions import condition as condition_of
from mmsconsole.metadata.alerts import AlertState
from mmsconsole.metadata.notifications import NotificationState
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.operations.alert_views import AlertView
from tests.support.product import Product
from tests.support.smtp_server import SmtpServer, smtp_server
from tests.support.stage import NAME, Stage

HOST_DOWN, LOCKED, NEW_PRIMARY = "host down", "member left locked", "new primary"
LAG = "replication lag"
OPEN, OVER = "", "Over: "
"""How the subject of a mail begins."""
MANY = re.compile(r"\d+ alerts: ")
MANY_LINE = re.compile(r"  [A-Z]+ +(.*?: source(?: [\d.:]+\d)?): ")
"""A title of a line, as of a mail: what, deployment, and perhaps the member."""
SETTLED = ("PRIMARY", "SECONDARY")
CHANNEL = """
[notify.mail]
kind = "email"
host = "127.0.0.1"
port = {port}
tls = "none"
from = "backup@example.org"
to = ["ops@example.org"]
"""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told:
    """One mail."""

    subject: str
    text: str
    id: str
    """Its Message-ID: equal for one that was sent twice."""

    @property
    def alerts(self) -> list[tuple[str, str]]:
        """(how it begins, title) of each alert that it tells of."""
        if MANY.match(self.subject):
            return list(self._of_many())
        lead = OVER if self.subject.startswith(OVER) else OPEN
        return [(lead, self.subject.removeprefix(lead))]

    def _of_many(self) -> Iterator[tuple[str, str]]:
        lead = OPEN
        for line in self.text.splitlines():
            if line.endswith((" opened:", " over:")):
                lead = OVER if line.endswith("over:") else OPEN
            elif found := MANY_LINE.match(line):
                yield lead, found[1]


class Watched:
    """Its engine runs, and its source is added. Faults are the test's own."""

    def __init__(self, stage: Stage, smtp: SmtpServer) -> None:
        self.stage = stage
        self.smtp = smtp
        self.product = Product(stage)

    def host(self, index: int) -> str:
        return str(self.stage.source.addresses[index])

    # -- rules

    def set_rule(self, condition: str, *options: str) -> None:
        self.stage.cli.at_once("alert-rule", "set", condition, "--deployment", NAME, *options)

    def close_after(self, seconds: int) -> None:
        """What is well again for so long is over: no command sets that."""
        rules = self.product.metadata.alert_rules.collection
        rules.update_many({}, {"$set": {"clear_seconds": seconds}})

    def forget_flaps(self) -> None:
        """What was wrong and is well again counts as wrong for the first time when it comes back:
        else each end would be told later than the one before.
        """
        alerts = self.product.metadata.alerts.collection
        alerts.update_many({"state": AlertState.CLOSED.value}, {"$set": {"flaps": -1}})

    # -- what is known

    def wait(self, what: str, look: Callable[[], T | None]) -> T:
        return self.product.wait(what, look)

    def wait_well(self) -> None:
        """Every member is seen, and in its place."""

        def look() -> bool | None:
            members = self.product.operations.members(NAME)
            well = [one for one in members if one.up and one.state in SETTLED and not one.locked]
            return True if len(well) == len(self.stage.source.addresses) else None

        self.wait("not all members were seen well", look)

    def alerts(self, condition: str = "", subject: str = "") -> list[AlertView]:
        """Open and closed ones."""
        found = self.product.ask(lambda: self.product.operations.alerts(NAME, all=True))
        return [
            one
            for one in found
            if condition in ("", one.condition) and subject in ("", one.subject)
        ]

    def wait_quiet(self) -> None:
        """No alert is open, but of what has happened and is over; and nobody waits to be told."""

        def look() -> bool | None:
            alerts = self.product.operations.alerts(NAME)
            return True if all(one.condition == NEW_PRIMARY for one in alerts) else None

        self.wait("an alert stayed open", look)
        self.wait_sent()

    def wait_sent(self) -> None:
        """Whatever was to be told is told, and that is written down."""

        self.wait("a notification was not sent", lambda: self.all_sent() or None)

    def all_sent(self) -> bool:
        sent = self.product.operations.notifications(limit=1000)
        return all(one.state == NotificationState.SENT for one in sent)

    # -- mails

    @property
    def mails(self) -> list[Told]:
        """As they came, oldest first."""
        return [
            Told(mail.message["Subject"], mail.message.get_body(("plain",)).get_content(),
                 mail.message["Message-ID"])
            for mail in self.smtp.mails
        ]  # fmt: skip

    @property
    def told(self) -> list[Told]:
        """Each once: an engine that is killed amid a sending sends it again, under the same id."""
        return list({one.id: one for one in self.mails}.values())

    def count(self, lead: str, condition: str, subject: str = "") -> int:
        """In mails of their own, and in those that tell of many at once."""
        title = f"{condition_of(condition).title}: {NAME} {subject}".strip()
        return sum((lead, title) in one.alerts for one in self.told)

    def wait_told(self, lead: str, condition: str, subject: str = "", *, times: int = 1) -> None:
        self.wait(
            f"{lead}{condition} of {subject or NAME} was not told",
            lambda: True if self.count(lead, condition, subject) >= times else None,
        )

    def told_text(self, condition: str) -> str:
        """Of all mails about it."""
        title = condition_of(condition).title
        return "\n".join(one.text for one in self.told if title in one.subject)

    def told_wrongly(self) -> list[str]:
        """One sentence for each thing of whose ends people were not told as often as it was so."""
        closed = Counter(
            (one.condition, one.subject)
            for one in self.alerts()
            if one.notified and one.state == AlertState.CLOSED and not one.metric
        )
        return [
            f"{lead}{condition} {subject}: {n} alerts, {told} mails"
            for (condition, subject), n in closed.items()
            for lead in (OPEN, OVER)
            if condition != NEW_PRIMARY and (told := self.count(lead, condition, subject)) != n
        ]


@contextmanager
def watched(folder: Path, binary: MongodBinary, seconds: float = 1) -> Iterator[Watched]:
    """It is polled and judged each `seconds`."""
    with smtp_server("plain", folder / "smtp") as smtp:
        stage = Stage(
            folder, binary, members=3,
            MMSCONSOLE_MONITORING_INTERVAL_SECONDS=str(seconds),
            MMSCONSOLE_ALERTS_EVALUATE_SECONDS=str(seconds),
        )  # fmt: skip
        config = folder / "home" / "config"
        config.mkdir(mode=0o700, parents=True)
        (config / "config.toml").write_text(CHANNEL.format(port=smtp.port))
        try:
            with ThreadPoolExecutor(1) as pool:
                source = pool.submit(stage.open)
                stage.start_engine()
            source.result()
            stage.add_deployment()
            made = Watched(stage, smtp)
            try:
                yield made
            finally:
                made.product.close()
        finally:
            stage.close()
