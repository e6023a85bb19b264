"""Links: made with a restore, listed, shown, revoked."""

import hashlib
import re
import secrets
import shlex
import socket

from mmsconsole.errors import Refused
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.engines import EngineRecord, ServiceRecord
from mmsconsole.metadata.links import Link, LinkState
from mmsconsole.metadata.restores import Restore
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.link_views import LinkOffer, LinkView, ServiceCa
from mmsconsole.optime import Optime
from mmsconsole.restore.tar.archive import SUFFIXES

TOKEN_BYTES = 32
NAME_CHARACTERS_MAX = 100
LOOPBACK_NOTE = (
    "the engine listens on this machine alone: for others set listen (0.0.0.0:8080) and names in "
    "[service]"
)
_STRANGE = re.compile(r"[^A-Za-z0-9._-]+")


def make(desk: Desk, restore: Restore, deployment: Deployment, optime: Optime | None) -> LinkOffer:
    """Before the restore's job: nothing but the sha256 of its token is kept."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    where = restore.where
    link = desk.metadata.links.add(
        Link(
            restore.id, deployment.id, hashlib.sha256(token.encode()).hexdigest(),
            file_name(deployment.name, optime, where.compression), desk.clock.now(), where.hours,
            downloads_max=where.downloads, created_by=desk.actor.name,
            compression=where.compression, mb_per_second=where.mb_per_second,
        )
    )  # fmt: skip
    service = _service(desk)
    base = service.url or _guessed(desk)
    return offer(link, token, base, service.pin if service.ca else "", _notes(desk, service))


def offer(link: Link, token: str, base: str, pin: str, notes: tuple[str, ...] = ()) -> LinkOffer:
    """`pin`: of the server's key, where clients do not know its CA. Pure."""
    url = f"{base}/download/{link.id}/{token}/{link.name}"
    # The key is pinned, so that no CA has to be known there: -k looks at nothing else.
    known = ["-k", "--pinnedpubkey", pin] if pin else []
    go_on = [] if link.compression else ["-C", "-"]
    curl = ["curl", "-fg", *known, *go_on, "-o", link.name, url]
    return LinkOffer(url, shlex.join(curl), f"{url}.sha256", notes)


def file_name(deployment: str, optime: Optime | None, compression: str) -> str:
    """Names of deployments are hostile: of them only plain letters stay. Pure."""
    plain = _STRANGE.sub("_", deployment).strip(".-")[:NAME_CHARACTERS_MAX] or "snapshot"
    at = "" if optime is None else f"-{optime.t}-{optime.i}"
    return f"{plain}{at}{SUFFIXES[compression]}"


def listed(desk: Desk, name: str | None) -> list[LinkView]:
    """Newest first."""
    deployment = None if name is None else desk.metadata.deployments.named(name).id
    names = {one.id: one.name for one in desk.metadata.deployments.all()}
    found = desk.metadata.links.listed(deployment)
    return [link_view(link, names.get(link.deployment, link.deployment)) for link in found]


def show(desk: Desk, id_: str) -> LinkView:
    link = desk.metadata.links.get(id_)
    deployment = desk.metadata.deployments.find(link.deployment)
    return link_view(link, link.deployment if deployment is None else deployment.name)


def revoke(desk: Desk, id_: str) -> LinkView:
    """From now on it gives nothing; what is being downloaded is broken off. Refused when it has
    ended already.
    """
    link = desk.metadata.links.get(id_)
    reason = f"{desk.actor.name} revoked it"
    ended = desk.metadata.links.end(id_, LinkState.REVOKED, desk.clock.now(), reason)
    if ended is None:
        raise Refused(f"the link is {link.state} already", where=id_)
    deployment = desk.metadata.deployments.find(link.deployment)
    if deployment is not None:
        desk.event("link revoked", f"link {id_} to {link.name} was revoked", deployment, link=id_)
    return show(desk, id_)


def service_ca(desk: Desk) -> ServiceCa:
    """Raises Refused where the engine's front end does not listen."""
    service = _service(desk)
    if not service.url:
        why = service.error or "no engine has said where it listens"
        raise Refused(f"the front end does not listen: {why}", hint="start it: mmsconsole engine")
    return ServiceCa(service.url, service.ca, service.fingerprint, service.pin)


def link_view(link: Link, deployment: str) -> LinkView:
    return LinkView(
        id=link.id,
        deployment=deployment,
        name=link.name,
        state=link.state.value,
        created_at=link.created_at,
        created_by=link.created_by,
        hours=link.hours,
        expires_at=link.expires_at,
        downloads=link.downloads,
        downloads_max=link.downloads_max,
        bytes=link.bytes,
        sent_bytes=link.sent_bytes,
        sha256=link.sha256,
        staged=link.staging != "",
        ended_at=link.ended_at,
        reason=link.reason,
    )


def _service(desk: Desk) -> ServiceRecord:
    """Of the engine that was seen last."""
    record: EngineRecord | None = desk.metadata.engines.one({}, sort=[("seen_at", -1)])
    return ServiceRecord() if record is None else record.service


def _guessed(desk: Desk) -> str:
    """Where an engine that does not run now will listen."""
    service = desk.settings.tree.service
    host = service.names[0] if service.names else socket.gethostname()
    return f"https://{host}:{service.place[1]}"


def _notes(desk: Desk, service: ServiceRecord) -> tuple[str, ...]:
    if not service.url:
        return (f"it is not served now: {service.error or 'no engine runs'}",)
    listens, named = desk.settings.tree.service.place[0], desk.settings.tree.service.names
    alone = listens in ("127.0.0.1", "::1", "localhost") and not named
    return (LOOPBACK_NOTE,) if alone else ()
