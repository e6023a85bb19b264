"""A stage whose engine watches its source every second, and mails what is wrong to loopback."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

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
TITLES = {
    HOST_DOWN: "A member does not answer",
    LOCKED: "A member is locked against writes (fsyncLock)",
    NEW_PRIMARY: "Another member was elected primary",
    LAG: "A secondary is behind",
}
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

        def look() -> bool | None:
            sent = self.product.operations.notifications(limit=1000)
            return True if all(one.state == NotificationState.SENT for one in sent) else None

        self.wait("a notification was not sent", look)

    # -- mails

    @property
    def told(self) -> list[Told]:
        """Those of the source, oldest first; one that came twice by its Message-ID counts twice."""
        return [
            Told(mail.message["Subject"], mail.message.get_body(("plain",)).get_content(),
                 mail.message["Message-ID"])
            for mail in self.smtp.mails
        ]  # fmt: skip

    def count(self, lead: str, condition: str, subject: str = "") -> int:
        wanted = f"{lead}{TITLES[condition]}: {NAME} {subject}".strip()
        return Counter(one.subject for one in self.told)[wanted]

    def wait_told(self, lead: str, condition: str, subject: str = "", *, times: int = 1) -> None:
        self.wait(
            f"{lead}{condition} of {subject or NAME} was not told",
            lambda: True if self.count(lead, condition, subject) >= times else None,
        )

    def told_text(self, condition: str) -> str:
        """Of all mails about it."""
        return "\n".join(one.text for one in self.told if TITLES[condition] in one.subject)

    def told_wrongly(self) -> list[str]:
        """One sentence for each alert of which people were not told once of each end."""
        found = [f"{id_} was sent {n} times" for id_, n in self._twice()]
        for (condition, subject), n in self._closed().items():
            for lead in (OPEN, OVER):
                told = self.count(lead, condition, subject)
                if told != n:
                    found.append(f"{lead}{condition} {subject}: {n} alerts, {told} mails")
        return found

    def _twice(self) -> list[tuple[str, int]]:
        return [pair for pair in Counter(one.id for one in self.told).items() if pair[1] > 1]

    def _closed(self) -> Counter[tuple[str, str]]:
        """How often each thing was wrong, of what is closed."""
        return Counter(
            (one.condition, one.subject)
            for one in self.alerts()
            if one.condition in TITLES and one.condition != NEW_PRIMARY and one.notified
        )


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
            stage.open().start_engine()
            stage.add_deployment()
            made = Watched(stage, smtp)
            try:
                yield made
            finally:
                made.product.close()
        finally:
            stage.close()
