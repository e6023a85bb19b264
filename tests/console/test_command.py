"""What is typed after the colon."""

import pytest

from mmsconsole.console.actions import OVERVIEW, SNAPSHOTS, commands
from mmsconsole.console.command import completions, parse, rank
from mmsconsole.errors import UsageError


def test_a_word_and_its_argument() -> None:
    found = parse("  :snapshots orders-eu ", OVERVIEW)
    assert (found.action.id, found.argument) == ("view.snapshots", "orders-eu")


def test_an_alias_means_the_same() -> None:
    assert parse("snap", OVERVIEW) == parse("snapshots", OVERVIEW)


def test_a_wrong_word_proposes_what_is_near() -> None:
    with pytest.raises(UsageError, match="'restor'") as caught:
        parse("restor", OVERVIEW)
    assert ":restore" in caught.value.hint


def test_nonsense_points_to_help() -> None:
    with pytest.raises(UsageError) as caught:
        parse("xyzzy", OVERVIEW)
    assert "?" in caught.value.hint


def test_what_takes_nothing_refuses_an_argument() -> None:
    with pytest.raises(UsageError, match="takes nothing"):
        parse("quit now", OVERVIEW)


def test_a_command_of_other_views_says_where_it_works() -> None:
    with pytest.raises(UsageError, match="does not work here") as caught:
        parse("add", SNAPSHOTS)
    assert "overview" in caught.value.hint


def test_a_named_deployment_makes_a_command_work_anywhere() -> None:
    assert parse("start orders", "events").argument == "orders"


def test_completions_have_names_where_names_may_stand() -> None:
    found = completions(["orders"], ["mms"])
    assert {"restore orders", "theme mms", "quit"} <= set(found)
    assert "quit orders" not in found


def test_the_palette_wants_every_word_in_any_order() -> None:
    found = rank("now snapshot", list(commands(OVERVIEW)))
    assert [action.id for action in found] == ["snapshot.take"]


def test_the_palette_puts_what_begins_with_the_query_first() -> None:
    assert rank("res", list(commands(OVERVIEW)))[0].words[0].startswith("res")
