"""Links end on time, and the files that were made for them go."""

import logging
from datetime import timedelta
from pathlib import Path

from mmsconsole.errors import MmsError
from mmsconsole.metadata.links import Link, LinkState
from mmsconsole.metadata.restores import UNFINISHED, RestoreState
from mmsconsole.restore.staging import remove_staging
from mmsconsole.stores.resources import Resources

log = logging.getLogger(__name__)

STILL_READ = timedelta(minutes=1)
"""So long the files of a link that has ended stay: its last download may just be ending."""


def settle_links(resources: Resources) -> None:
    """Safe to be called again and again."""
    for link in list(resources.metadata.links.open()):
        _settle(resources, link)
    for link in list(resources.metadata.links.with_staging()):
        if link.ended_at is None or resources.clock.now() - link.ended_at >= STILL_READ:
            _remove_files(resources, link)


def _settle(resources: Resources, link: Link) -> None:
    now = resources.clock.now()
    if link.state is LinkState.READY and link.expires_at is not None and link.expires_at <= now:
        if resources.metadata.links.end(link.id, LinkState.EXPIRED, now) is not None:
            text = f"link {link.id} to {link.name} has expired"
            resources.event("link expired", text, deployment=link.deployment)
    elif link.state is LinkState.PREPARING and not _is_made(resources, link):
        resources.metadata.links.end(link.id, LinkState.FAILED, now, "its restore came to nothing")


def _is_made(resources: Resources, link: Link) -> bool:
    """Its restore may have ended well since the link was read: it is ready then."""
    restore = resources.metadata.restores.find(link.id)
    return restore is not None and restore.state in (*UNFINISHED, RestoreState.DONE)


def _remove_files(resources: Resources, link: Link) -> None:
    """Files first: a record that says that there are none is believed."""
    try:
        remove_staging(Path(link.staging), resources.clock)
    except MmsError as error:
        log.warning("the files of link %s could not be removed: %s", link.id, error)
        return
    resources.metadata.links.set(link.id, staging="", files="")
    resources.metadata.restores.set_where({"_id": link.id}, staging="")
