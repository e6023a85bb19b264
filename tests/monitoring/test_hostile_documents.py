"""Whatever a server sends: nothing raises, and every value is a finite number."""

import math
from functools import reduce
from typing import Any

import bson
from bson import Binary, Code, Int64, MaxKey, MinKey, ObjectId, Regex
from bson.decimal128 import Decimal128
from bson.timestamp import Timestamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmsconsole.monitoring.host_facts import host_facts
from mmsconsole.monitoring.metrics import BY_NAME
from mmsconsole.monitoring.observing import observe
from tests.monitoring.documents.hosts import system_metrics
from tests.monitoring.documents.polls import answers
from tests.monitoring.documents.server_status import AT, VERSIONS, server_status
from tests.monitoring.documents.sets import member, set_status

EXAMPLES = 15
TOO_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

NUMBERS = st.one_of(
    st.integers(-(2**63), 2**63 - 1).map(Int64), st.integers(-(2**31), 2**31 - 1), st.floats(),
    st.sampled_from(["NaN", "sNaN", "Infinity", "-1", "9E+6000", "0.5"]).map(Decimal128),
)  # fmt: skip
SCALARS = st.one_of(
    NUMBERS, st.none(), st.booleans(), st.text(max_size=8), st.binary(max_size=4).map(Binary),
    st.sampled_from([ObjectId("0" * 24), Regex("x"), Code("x"), MinKey(), MaxKey(), AT]),
    st.builds(Timestamp, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)),
)  # fmt: skip
KEYS = st.sampled_from(["insert", "reads", "ops", "sda", "/", "self", "ts", "\x1b[2J", "$a.b", ""])
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def paths(document: dict[str, Any], prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, value in document.items():
        found.append((*prefix, name))
        if isinstance(value, dict):
            found += paths(value, (*prefix, name))
    return found


def replaced(document: Any, path: tuple[str, ...], value: object) -> Any:
    if not path or not isinstance(document, dict):
        return value
    return {**document, path[0]: replaced(document.get(path[0], {}), path[1:], value)}


def broken(document: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The document with a few places holding anything at all."""
    places = st.lists(st.tuples(st.sampled_from(paths(document)), ANYTHING), max_size=8)

    def with_all(changes: list[tuple[tuple[str, ...], object]]) -> dict[str, Any]:
        return reduce(lambda now, change: replaced(now, *change), changes, document)

    return places.map(with_all)


POLLS = st.fixed_dictionaries({
    "server_status": st.one_of([broken(server_status(each, 500)) for each in VERSIONS]),
    "set_status": broken({**set_status(), "optimes": {}}).map(dict)
    | ANYTHING.map(lambda at: set_status(member("a", "PRIMARY"), {**member("b"), "optime": at})),
    "system_metrics": broken(system_metrics(500)),
    "oplog_stats": st.dictionaries(st.sampled_from(["size", "maxSize"]), ANYTHING),
    "options": st.fixed_dictionaries({"storage": ANYTHING}),
    "operations": st.lists(
        st.dictionaries(
            st.sampled_from(["op", "ns", "command", "desc", "appName", "opid", "secs_running",
                "client", "planSummary", "type", "microsecs_running"]),
            ANYTHING,
        ), max_size=3,
    ).map(tuple),
    "top": st.dictionaries(st.sampled_from(["note", "shop.a", "shop.b"]),
        st.fixed_dictionaries({"readLock": ANYTHING, "writeLock": ANYTHING}) | ANYTHING),
    "databases": st.dictionaries(st.just("shop"), broken({"objects": 1, "fsUsedSize": 2,
        "fsTotalSize": 3})),
    "collections": st.dictionaries(st.just("shop.a"), broken({"count": 1, "size": 2})),
})  # fmt: skip


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=TOO_SLOW)
@given(POLLS, POLLS, st.floats(-1e9, 1e9))
def test_no_answer_raises_and_every_value_is_a_finite_number_of_a_known_metric(
    first: dict[str, Any], second: dict[str, Any], seconds: float
) -> None:
    before = observe(None, answers(**first), 10)
    found = observe(before, answers(seconds=seconds, **second), 10)

    for values in (before.values, found.values, *before.sizes.values(), *found.sizes.values()):
        assert values.keys() <= BY_NAME.keys()
        assert all(type(each) is float and 0 <= each < math.inf for each in values.values())
    for hot in found.hot:
        assert min(hot.reads_ms, hot.writes_ms, hot.reads, hot.writes) >= 0
    bson.encode({"values": found.values})


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=TOO_SLOW)
@given(ANYTHING, ANYTHING)
def test_no_fact_of_a_host_raises_or_steers_a_terminal(one: object, other: object) -> None:
    facts = host_facts({"system": one, "extra": other}, {"version": other}, {"net": one})

    assert all(value.isprintable() for value in facts.values())
