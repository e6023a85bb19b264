"""Members are found by whoever of them answers, and only those of the right set."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mmsconsole.errors import WrongReplicaSet
from mmsconsole.monitoring.answers import Answers
from mmsconsole.monitoring.discovery import Expected, Roster

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SET = Expected("rs0", "5eed")


def roster(*seeds: str, known: tuple[str, ...] = ()) -> Roster:
    return Roster(SET, seeds or ("a:1",), known)


def answers(hello: dict[str, Any] | None = None, config: dict[str, Any] | None = None) -> Answers:
    told = {"setName": "rs0"} if hello is None else hello
    return Answers("a:1", NOW, 0.0, hello=told, config=config or {})


def config(*hosts: str, version: Any = 1, term: Any = 1, **more: Any) -> dict[str, Any]:
    members = [{"host": host, **more} for host in hosts]
    settings = {"replicaSetId": "5eed"}
    return {"version": version, "term": term, "members": members, "settings": settings}


def test_before_anybody_answers_the_seeds_and_those_known_before_are_asked() -> None:
    found = roster("a:1", "b:1", known=("c:1", "a:1"))
    assert found.hosts == ("c:1", "a:1", "b:1")
    assert not found.settled


def test_the_configuration_says_who_is_a_member_and_hidden_ones_are() -> None:
    found = roster("alias:1")
    assert found.learn(answers(config=config("a:1", "b:1", hidden=True)))
    assert found.hosts == ("a:1", "b:1")
    assert found.settled


def test_members_come_and_go_with_a_newer_configuration_and_not_with_an_older_one() -> None:
    found = roster()
    found.learn(answers(config=config("a:1", "b:1", version=2)))
    assert found.learn(answers(config=config("a:1", "c:1", version=3)))
    assert not found.learn(answers(config=config("a:1", "b:1", version=2)))
    assert found.hosts == ("a:1", "c:1")
    assert found.learn(answers(config=config("a:1", version=1, term=2)))
    assert found.hosts == ("a:1",)


def test_who_may_not_read_the_configuration_sees_those_that_hello_names() -> None:
    hello = {
        "setName": "rs0", "setVersion": 4, "hosts": ["a:1"], "passives": ["b:1"],
        "arbiters": ["c:1"],
    }  # fmt: skip
    found = roster()
    assert found.learn(answers(hello))
    assert found.hosts == ("a:1", "b:1", "c:1")
    assert found.is_arbiter("c:1")
    assert found.learn(answers(hello, config("a:1", "b:1", "c:1", "hidden:1", version=1)))
    assert "hidden:1" in found.hosts


def test_arbiters_are_known_for_they_have_no_users() -> None:
    found = roster()
    found.learn(answers(config=config("a:1", arbiterOnly=True)))
    assert found.is_arbiter("a:1")
    assert not found.is_arbiter("b:1")


@pytest.mark.parametrize(
    ("hello", "told", "words"),
    [
        ({"setName": "rs1"}, {}, "member of the replica set rs1"),
        ({}, {}, "no member of a replica set"),
        ({"setName": "rs0"}, {"settings": {"replicaSetId": "0dd"}}, "its id is 0dd"),
    ],
)
def test_a_server_of_another_set_is_refused_in_words(
    hello: dict[str, Any], told: dict[str, Any], words: str
) -> None:
    found = roster()
    with pytest.raises(WrongReplicaSet, match=words):
        found.learn(answers(hello, told))
    assert found.hosts == ("a:1",)


def test_a_standalone_is_itself_whatever_it_tells() -> None:
    found = Roster(Expected(standalone=True), ["a:1"])
    assert not found.learn(answers({"setName": "rs0", "hosts": ["b:1"]}))
    assert (found.hosts, found.settled) == (("a:1",), True)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"members": 7}, {"members": [1, None, {"host": 5}]}, {"members": []},
        {"members": [{}], "version": "x"},
    ],
)  # fmt: skip
def test_nonsense_changes_nothing(nonsense: dict[str, Any]) -> None:
    found = roster()
    assert not found.learn(answers(config=nonsense))
    assert found.hosts == ("a:1",)


def test_a_configuration_that_was_forced_has_no_term_and_counts_by_its_version() -> None:
    """What is left of a set is made one again by force: nobody is elected first."""
    found = roster()
    found.learn(answers(config=config("a:1", "b:1", version=3, term=5)))
    assert found.learn(answers(config=config("a:1", "d:1", version=80_003, term=-1)))
    assert found.hosts == ("a:1", "d:1")
    assert not found.learn(answers(config=config("a:1", "b:1", version=3, term=5)))
    assert found.learn(answers(config=config("a:1", version=80_004, term=6)))


def test_names_that_are_no_hosts_are_asked_for_nothing() -> None:
    """They would be shown, and kept as a part of every sample's name."""
    found = roster()
    assert found.learn(answers(config=config("b:1", "\x1b[2Jc:1", "x" * 5000, "", version=2)))
    assert found.hosts == ("b:1",)


@pytest.mark.parametrize("version", [float("nan"), float("inf"), -7, 2**80, None])
def test_a_version_may_be_anything(version: Any) -> None:
    roster().learn(answers(config=config("b:1", version=version, term=version)))
