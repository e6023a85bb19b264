"""A restore that is fetched: it gets ready, and the engine's front end serves it."""

from datetime import timedelta
from pathlib import Path

from mmsconsole.errors import Refused
from mmsconsole.metadata.links import Link, LinkState
from mmsconsole.restore.delivery.base import Delivered, Delivery, Made
from mmsconsole.restore.staging import staging_of
from mmsconsole.restore.tar.opening import Opened, archive_of_folder, archive_of_snapshot
from mmsconsole.task import Task


class LinkDelivery(Delivery):
    """Of a snapshot as it is nothing is made: it is read from its store when it is fetched."""

    keeps_staging = True
    paces_itself = True

    @property
    def needs_files(self) -> bool:
        return self.restore.point is not None or not self.restore.what.is_whole

    def check(self) -> None:
        if not self.resources.settings.tree.service.listen:
            hint = "set listen in [service], and start the engine again"
            raise Refused("this engine serves no links", where="service.listen", hint=hint)

    def deliver(self, made: Made, task: Task) -> Delivered:
        links = self.resources.metadata.links
        link = links.get(self.restore.id)
        if link.state is not LinkState.READY:
            opened = self._opened(made, task)
            expires_at = self.resources.clock.now() + timedelta(hours=link.hours)
            ready = links.make_ready(
                link.id, expires_at=expires_at, bytes=opened.archive.bytes, etag=opened.etag,
                snapshot="" if self.needs_files else made.snapshot.id,
                files=str(made.files) if self.needs_files else "",
                staging=self._staging() if self.needs_files else "",
            )  # fmt: skip
            if ready is None:
                raise Refused(f"its link is {link.state} already", where=link.id)
            link = ready
        return Delivered(link.bytes, in_words(link))

    def abandon(self) -> None:
        """The staging folder is the restore's own to remove."""
        links, now = self.resources.metadata.links, self.resources.clock.now()
        links.end(self.restore.id, LinkState.FAILED, now, "its restore came to nothing")

    def _opened(self, made: Made, task: Task) -> Opened:
        if self.needs_files:
            return archive_of_folder(Path(made.files))
        return archive_of_snapshot(self.resources, made.snapshot.id, task)

    def _staging(self) -> str:
        return str(staging_of(self.resources.settings, self.restore))


def in_words(link: Link) -> str:
    most = link.downloads_max
    times = f"{most} download{'s' * (most > 1)}" if most else "any number of downloads"
    until = "" if link.expires_at is None else f", until {link.expires_at:%Y-%m-%d %H:%M:%S} UTC"
    return f"a link to {link.name}: {times}{until}"
