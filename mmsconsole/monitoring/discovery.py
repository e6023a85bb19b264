"""Which members a deployment has: learned from whichever of them answers. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from mmsconsole.errors import WrongReplicaSet
from mmsconsole.harmless import harmless
from mmsconsole.monitoring.answers import Answers
from mmsconsole.monitoring.fields import number

MEMBERS_MAX = 50
"""A replica set has no more."""
HOST_MAX = 300
NO_TERM = -1
NAMES_IN_HELLO = ("hosts", "passives", "arbiters")
"""Hidden members are in none: who may not read the configuration does not see them."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a deployment must be."""

    set_name: str = ""
    set_id: str = ""
    """settings.replicaSetId, hexadecimal; empty: any."""
    standalone: bool = False


class Roster:
    """The hosts of one deployment, and which of them are arbiters.

    Until a configuration is known these are the seeds of the connection string, and the members
    that were known before. From then on its configuration says, the newest that any member told.
    """

    def __init__(self, expected: Expected, seeds: Iterable[str], known: Iterable[str] = ()) -> None:
        self._expected = expected
        self._hosts = tuple(dict.fromkeys((*known, *seeds)))[:MEMBERS_MAX]
        self._arbiters: frozenset[str] = frozenset()
        self._newest: tuple[int, int, int] | None = None

    @property
    def hosts(self) -> tuple[str, ...]:
        return self._hosts

    @property
    def settled(self) -> bool:
        """Whether a member has told who belongs to the set."""
        return self._newest is not None or self._expected.standalone

    def is_arbiter(self, host: str) -> bool:
        return host in self._arbiters

    def learn(self, answers: Answers) -> bool:
        """True if other members are to be asked from now on.

        Raises WrongReplicaSet for a server that does not belong to the deployment.
        """
        if self._expected.standalone:
            return False
        self._check(answers)
        told = _of_config(answers.config) or _of_hello(answers.hello)
        if told is None or (self._newest is not None and not _is_newer(told.version, self._newest)):
            return False
        before = self._hosts
        self._newest, self._arbiters = told.version, told.arbiters
        self._hosts = told.hosts
        return self._hosts != before

    def _check(self, answers: Answers) -> None:
        name, expected = answers.hello.get("setName"), self._expected
        if name is None:
            raise WrongReplicaSet(
                "it is no member of a replica set", where=answers.host,
                hint=f"it should be one of {expected.set_name}",
            )  # fmt: skip
        if expected.set_name and name != expected.set_name:
            raise WrongReplicaSet(
                f"it is a member of the replica set {harmless(str(name))[:64]}, "
                f"not of {expected.set_name}",
                where=answers.host, hint="correct the connection string, or the set's members",
            )  # fmt: skip
        settings = answers.config.get("settings")
        told = settings.get("replicaSetId") if isinstance(settings, Mapping) else None
        if expected.set_id and told is not None and str(told) != expected.set_id:
            raise WrongReplicaSet(
                f"it is a member of another replica set of that name: its id is {told!s}, "
                f"not {expected.set_id}",
                where=answers.host, hint="add it as a deployment of its own",
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Told:
    version: tuple[int, int, int]
    """Whether it is a whole configuration, its term, its version."""
    hosts: tuple[str, ...]
    arbiters: frozenset[str]


def _is_newer(told: tuple[int, int, int], known: tuple[int, int, int]) -> bool:
    """As members see it: one that was forced has no term (-1), and its version alone counts."""
    (whole, term, version), (known_whole, known_term, known_version) = told, known
    if whole == known_whole and NO_TERM in (term, known_term):
        return version > known_version
    return told > known


def _is_host(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= HOST_MAX and harmless(value) == value


def _of_config(config: Mapping[str, Any]) -> _Told | None:
    found = config.get("members")
    listed = found if isinstance(found, list) else []
    members = [each for each in listed if isinstance(each, Mapping)]
    members = [each for each in members if _is_host(each.get("host"))]
    hosts = tuple(each["host"] for each in members)
    if not hosts:
        return None
    arbiters = frozenset(each["host"] for each in members if each.get("arbiterOnly"))
    version = (1, _number(config.get("term")), _number(config.get("version")))
    return _Told(version, hosts[:MEMBERS_MAX], arbiters)


def _of_hello(hello: Mapping[str, Any]) -> _Told | None:
    named = {key: _strings(hello.get(key)) for key in NAMES_IN_HELLO}
    hosts = tuple(host for key in NAMES_IN_HELLO for host in named[key])
    if not hosts:
        return None
    version = (0, 0, _number(hello.get("setVersion")))
    return _Told(version, hosts[:MEMBERS_MAX], frozenset(named["arbiters"]))


def _strings(value: object) -> list[str]:
    return [each for each in value if _is_host(each)] if isinstance(value, list) else []


def _number(value: object) -> int:
    found = number(value)
    return NO_TERM if found is None else int(found)
