"""One member is asked how it is: one connection, kept between polls, for one thread at a time.

The raw client: pymongo would hold two more connections and two threads for each member.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mmsconsole.clock import Clock, thread_seconds
from mmsconsole.errors import MmsError, WrongReplicaSet
from mmsconsole.harmless import harmless
from mmsconsole.metadata.members import OPERATIONS_MAX
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.source_uri import SourceUri
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.monitoring import questions
from mmsconsole.monitoring.answers import Answers, Certificate
from mmsconsole.monitoring.asking import WHY_MAX, Asking, Document
from mmsconsole.monitoring.certificate import certificate_of
from mmsconsole.monitoring.fields import optime
from mmsconsole.monitoring.pace import Pace, SizeQueue, busiest

GONE, GONE_SECONDS = "what was gone", 24 * 3600.0
ARBITER = "an arbiter has no users: it is asked for its role alone"


@dataclass(slots=True)
class _Known:
    """What is not asked each time."""

    set_version: object = None
    """Of the configuration that is in `config`."""
    config: Document = field(default_factory=dict)
    oplog_stats: Document = field(default_factory=dict)
    busiest: Sequence[str] = ()
    """Namespaces; what else top told of them may be large."""
    gone: set[str] = field(default_factory=set)
    """Of those that top told: what has no size, as it is a view, or was dropped."""
    host_info: Document = field(default_factory=dict)
    build_info: Document = field(default_factory=dict)
    options: Document = field(default_factory=dict)
    fcv: str = ""
    certificate: Certificate | None = None


class MemberPoll:
    """poll() again and again; close(). abort() may come from another thread."""

    def __init__(
        self, source: SourceUri, host: str, clock: Clock, *, timeout_seconds: float,
        database_seconds: float, cpu: Callable[[], float] = thread_seconds,
    ) -> None:  # fmt: skip
        """`timeout_seconds`: for one answer; after twice that nothing more is asked."""
        self._source = source
        self.host = host
        self._clock = clock
        self._timeout = timeout_seconds
        self._cpu = cpu
        self._connection: WireConnection | None = None
        self._known = _Known()
        self._pace = Pace()
        self._pace.due(GONE, GONE_SECONDS, clock.monotonic())
        self._sizes = SizeQueue(database_seconds, clock.monotonic())
        self._asking = Asking(clock, self._pace, timeout_seconds)

    def poll(self, *, arbiter: bool = False) -> Answers:
        """Raises SourceError, SourceRefused: then it is to be polled anew, with a new connection.

        `arbiter`: it is known to be one; they have no users to log in.
        """
        at, began, cpu = self._clock.now(), self._clock.monotonic(), self._cpu()
        try:
            self._asking.begin(self._connected(arbiter=arbiter), began)
            answers = self._ask_all(Answers(self.host, at, began), arbiter=arbiter)
        except MmsError:
            self.close()
            raise
        return replace(
            answers,
            ms=(self._clock.monotonic() - began) * 1000,
            cpu_ms=(self._cpu() - cpu) * 1000,
            server_ms=self._asking.waited * 1000,
        )

    def abort(self) -> None:
        connection = self._connection
        if connection is not None:
            connection.abort()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self, *, arbiter: bool) -> WireConnection:
        """A new one each hour where there is TLS: the server's certificate may be another."""
        if self._source.tls and self._pace.due("certificate", questions.HOUR, self._now()):
            self.close()
        if self._connection is None:
            source = _nobody(self._source) if arbiter else self._source
            connection = WireConnection.connect(
                Address.parse(self.host), source, self._timeout, self._use
            )
            self._known.certificate = certificate_of(connection.certificate)
            return connection
        return self._connection

    def _use(self, connection: WireConnection) -> None:
        """From its greeting on: that can be broken off as well, and is no longer than others."""
        connection.reply_bytes_max = questions.ANSWER_BYTES_MAX
        self._connection = connection

    def _now(self) -> float:
        return self._clock.monotonic()

    def _ask_all(self, answers: Answers, *, arbiter: bool) -> Answers:
        hello = self._asking.must(questions.HELLO)
        check_greeting(hello, self.host, self._source.replica_set)
        answers = replace(answers, hello=hello)
        if arbiter and self._source.user:
            return replace(answers, missing=(ARBITER,))
        answers = self._ask_member(answers)
        if "setName" in hello:
            answers = self._ask_set(answers, arbiter=bool(hello.get("arbiterOnly")))
        self._ask_seldom()
        databases, collections = ({}, {}) if hello.get("arbiterOnly") else self._ask_sizes()
        known = self._known
        return replace(
            answers,
            databases=databases,
            collections=collections,
            host_info=known.host_info,
            build_info=known.build_info,
            options=known.options,
            fcv=known.fcv,
            certificate=known.certificate,
            missing=(*self._pace.refusals, *self._asking.missing),
        )

    def _ask_member(self, answers: Answers) -> Answers:
        ask = self._asking.ask
        top = mapping(ask(questions.TOP).get("totals"))
        if top:
            self._known.busiest = busiest(top, self._known.gone)
        status = ask(questions.SERVER_STATUS)
        told = self._now()  # a login, or a slow answer before, is no time of its counters
        operations, locked = self._ask_operations()
        return replace(
            answers,
            monotonic=told,
            server_status=status,
            operations=operations,
            locked=locked,
            system_metrics=ask(questions.SYSTEM_METRICS),
            top=top,
        )

    def _ask_operations(self) -> tuple[tuple[Document, ...], bool | None]:
        """And whether the server is locked."""
        ask = self._asking.ask
        reply = ask(questions.OPERATIONS)
        found = batch(reply)
        if len(found) > OPERATIONS_MAX:
            return tuple(batch(ask(questions.LONGEST_OPERATIONS))), is_locked(ask(questions.LOCKED))
        return tuple(found), holds_lock(found) if reply else None

    def _ask_set(self, answers: Answers, *, arbiter: bool) -> Answers:
        status = self._asking.ask(questions.SET_STATUS)
        self._follow_config(answers.hello)
        answers = replace(answers, set_status=status, config=self._known.config)
        if arbiter:
            return answers
        first = next(iter(batch(self._asking.ask(questions.OPLOG_FIRST))), {})
        stats = next(iter(batch(self._asking.ask(questions.OPLOG_STATS))), {})
        self._known.oplog_stats = mapping(stats.get("storageStats")) or self._known.oplog_stats
        return replace(
            answers,
            oplog_first=optime(first),
            oplog_last=optime(mapping(status.get("optimes")).get("appliedOpTime")),
            oplog_stats=self._known.oplog_stats,
        )

    def _follow_config(self, hello: Mapping[str, Any]) -> None:
        version = hello.get("setVersion")
        if self._known.config and version == self._known.set_version:
            return
        config = mapping(self._asking.ask(questions.SET_CONFIG).get("config"))
        if config:
            self._known.config, self._known.set_version = config, version

    def _ask_seldom(self) -> None:
        known, ask = self._known, self._asking.ask
        known.host_info = ask(questions.HOST_INFO) or known.host_info
        known.build_info = ask(questions.BUILD_INFO) or known.build_info
        known.options = mapping(ask(questions.OPTIONS).get("parsed")) or known.options
        told = mapping(ask(questions.FCV).get("featureCompatibilityVersion"))
        known.fcv = str(told.get("version") or known.fcv)

    def _ask_sizes(self) -> tuple[dict[str, Document], dict[str, Document]]:
        if self._sizes.begins(self._now()):
            if self._pace.due(GONE, GONE_SECONDS, self._now()):
                self._known.gone.clear()  # some may have come again
            listed = self._asking.ask(questions.DATABASES).get("databases")
            names = [each.get("name") for each in documents(listed)]
            there = [name for name in self._known.busiest if name not in self._known.gone]
            self._sizes.fill(names, there)
        databases: dict[str, Document] = {}
        collections: dict[str, Document] = {}
        for name in self._sizes.take():
            if "." in name:
                collections[name] = self._ask_collection(name)
            else:
                databases[name] = self._asking.ask(questions.database_stats(name))
        return databases, collections

    def _ask_collection(self, name: str) -> Document:
        reply = self._asking.ask_if_there(questions.collection_stats(name))
        if reply is None:
            self._known.gone.add(name)
        return mapping(next(iter(batch(reply or {})), {}).get("storageStats"))


def check_greeting(hello: Mapping[str, Any], host: str, set_name: str) -> None:
    """Pure. Raises WrongReplicaSet for a mongos, and where another set's name is told."""
    if hello.get("msg") == "isdbgrid":
        raise WrongReplicaSet("this is a mongos, no member", where=host)
    told = hello.get("setName")
    if set_name and told is not None and told != set_name:
        raise WrongReplicaSet(
            f"it is a member of {harmless(str(told))[:WHY_MAX]}, not of {set_name}",
            where=host, hint="correct the connection string",
        )  # fmt: skip


def holds_lock(operations: Sequence[Document]) -> bool:
    """All of a server's: its fsyncLock is a thread among them."""
    return any(each.get("desc") == questions.FSYNC_LOCK for each in operations)


def is_locked(reply: Document) -> bool | None:
    """A server tells it only while it is; None: it was not asked, or did not answer."""
    return bool(reply.get("fsyncLock")) if reply else None


def mapping(value: object) -> Document:
    """A document, or an empty one."""
    return value if isinstance(value, dict) else {}


def documents(value: object) -> list[Document]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def batch(reply: Mapping[str, Any]) -> list[Document]:
    """The documents of a cursor's first batch."""
    return documents(mapping(reply.get("cursor")).get("firstBatch"))


def _nobody(source: SourceUri) -> SourceUri:
    """The same without its user."""
    return replace(source, user="", mechanism="")
