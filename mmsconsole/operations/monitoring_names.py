"""Members as people name them. Pure."""

from collections.abc import Sequence

from mmsconsole.errors import NotFound, UsageError


def member_named(hosts: Sequence[str], said: str) -> str:
    """host:port of the one that is meant: by host:port, by its host alone, or by how it begins.

    Raises NotFound, and UsageError where several could be meant.
    """
    wanted = said.strip().casefold()
    ways = (
        [host for host in hosts if host.casefold() == wanted],
        [host for host in hosts if machine_of(host).casefold() == wanted],
        [host for host in hosts if wanted and host.casefold().startswith(wanted)],
    )
    found = next((way for way in ways if way), [])
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError("several members could be meant", where=said, hint=", ".join(found))
    hint = f"the members are: {', '.join(hosts)}" if hosts else "no member was seen yet"
    raise NotFound(f"there is no member {said!r}", hint=hint)


def machine_of(host: str) -> str:
    """host:port without the port, [::1]:27017 without its brackets too."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).strip("[]")


def split_subject(subject: str, hosts: Sequence[str]) -> tuple[str, str]:
    """Of a series: host:port, and the database or db.collection. A socket's host has slashes."""
    for host in hosts:
        if subject == host:
            return host, ""
        if subject.startswith(f"{host}/"):
            return host, subject[len(host) + 1 :]
    host, _, part = subject.partition("/")
    return host, part
