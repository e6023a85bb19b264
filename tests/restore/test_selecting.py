"""What a restore takes, and what it is called then: by tables."""

import pytest

from mmsconsole.errors import Refused, UsageError
from mmsconsole.metadata.targets import WHOLE, Selection
from mmsconsole.restore.selecting import (
    Chooser,
    Namespace,
    check_selection,
    moves,
    parse,
    parse_new,
)

THERE = [
    Namespace(*ns.split(".", 1))
    for ns in (
        "app.a", "app.b", "app.a.b", "app.system.js", "app.ts", "app.system.buckets.ts",
        "app.system.views", "app.system.profile", "other.a",
        "admin.system.users", "admin.system.roles", "admin.system.version", "admin.mine",
        "config.transactions", "local.startup_log",
    )
]  # fmt: skip
USERS = ["admin.system.roles", "admin.system.users", "admin.system.version"]
ALL = [
    "app.a", "app.a.b", "app.b", "app.system.buckets.ts", "app.system.js", "app.ts", "other.a",
]  # fmt: skip


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        (WHOLE, [*USERS, *ALL]),
        (Selection(users=False), ALL),
        (Selection(namespaces=("app",)), [*USERS, *ALL[:-1]]),
        (Selection(namespaces=("app",), users=False), ALL[:-1]),
        (Selection(namespaces=("app.a",), users=False), ["app.a"]),
        (Selection(namespaces=("app.a.b",), users=False), ["app.a.b"]),
        (Selection(namespaces=("app.a", "other"), users=False), ["app.a", "other.a"]),
        (Selection(namespaces=("app.ts",), users=False), ["app.system.buckets.ts", "app.ts"]),
        (Selection(excluded=("app",), users=False), ["other.a"]),
        (
            Selection(namespaces=("app",), excluded=("app.a", "app.ts"), users=False),
            ["app.a.b", "app.b", "app.system.js"],
        ),
        (Selection(namespaces=("app.a", "other.a"), excluded=("app",), users=False), ["other.a"]),
    ],
)
def test_which_namespaces_go_along(selection: Selection, chosen: list[str]) -> None:
    assert [str(move.old) for move in moves(selection, THERE)] == chosen


@pytest.mark.parametrize(
    ("renames", "old", "new"),
    [
        ((), "app.a", "app.a"),
        ((("app", "app2"),), "app.a", "app2.a"),
        ((("app", "app2"),), "app.a.b", "app2.a.b"),
        ((("app", "app2"),), "other.a", "other.a"),
        ((("app.a", "app.z"),), "app.a", "app.z"),
        ((("app.a", "app.z"),), "app.a.b", "app.a.b"),
        ((("app.a", "x.y"), ("app", "app2")), "app.a", "x.y"),
        ((("app.a", "x.y"), ("app", "app2")), "app.b", "app2.b"),
        ((("app.ts", "x.y"),), "app.system.buckets.ts", "x.system.buckets.y"),
        ((("app", "app2"),), "app.system.buckets.ts", "app2.system.buckets.ts"),
        ((("app", "app2"),), "app.system.js", "app2.system.js"),
    ],
)
def test_what_it_is_called_then(renames: tuple[tuple[str, str], ...], old: str, new: str) -> None:
    assert str(Chooser(Selection(renames=renames)).new_name(parse(old))) == new


def test_a_name_may_be_taken_over_from_what_is_renamed_itself() -> None:
    swapped = Selection(renames=(("app.a", "app.b"), ("app.b", "app.a")), users=False)
    found = {str(move.old): str(move.new) for move in moves(swapped, THERE)}
    assert (found["app.a"], found["app.b"]) == ("app.b", "app.a")


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        (Selection(namespaces=("nosuch",)), "there is no 'nosuch'"),
        (Selection(namespaces=("app.nosuch",)), r"there is no 'app.nosuch'"),
        (Selection(excluded=("app.nosuch",)), "there is no"),
        (Selection(renames=(("app.nosuch", "app.x"),)), "there is no"),
        (Selection(filters=(("app.nosuch", "{}"),)), "there is no"),
        (Selection(renames=(("app.a", "app.b"),)), "would both become 'app.b'"),
        (Selection(renames=(("app.a", "x.y"), ("app.b", "x.y"))), "would both become 'x.y'"),
        (Selection(renames=(("app", "other"),)), "would both become 'other.a'"),
        (Selection(renames=(("app", "OTHER"),)), "differ by case alone"),
        (Selection(excluded=("app", "other"), users=False), "nothing is left"),
        (Selection(renames=(("app.a", f"{'d' * 60}.{'c' * 200}"),)), "more than 255 bytes"),
    ],
)
def test_what_does_not_fit_what_is_there_is_refused(selection: Selection, said: str) -> None:
    with pytest.raises((Refused, UsageError), match=said):
        moves(selection, THERE)


def test_a_database_with_a_longer_name_may_make_a_collections_too_long() -> None:
    there = [Namespace("a", "c" * 250)]
    with pytest.raises(Refused, match="more than 255 bytes"):
        moves(Selection(renames=(("a", "b" * 10),)), there)


@pytest.mark.parametrize(
    ("wanted", "listed"),
    [("app.nosuch", "'app.a', 'app.a.b', 'app.b'"), ("nosuch.a", "'app', 'other'")],
)
def test_who_names_what_is_not_there_hears_what_is(wanted: str, listed: str) -> None:
    with pytest.raises(Refused) as refused:
        moves(Selection(namespaces=(wanted,)), THERE)
    assert listed in refused.value.hint
    assert "system.users" not in refused.value.hint


def test_of_very_many_names_only_some_are_listed() -> None:
    there = [Namespace("app", f"c{number:04}") for number in range(500)]
    with pytest.raises(Refused) as refused:
        moves(Selection(namespaces=("app.x",)), there)
    assert refused.value.hint.endswith("and 480 more")


def test_an_empty_database_is_restored_whole_as_nothing() -> None:
    assert moves(WHOLE, []) == []


@pytest.mark.parametrize(
    "name",
    [
        "", ".", ".c", "a.", "a..b", "a/b.c", "a\\b.c", "a b.c", 'a"b.c', "$a.c", "a\0b", "a.b\0c",
        "a" * 64, "ü" * 32, "../../etc.passwd", "a." + "c" * 254, "d." + "ü" * 127,
    ],
)  # fmt: skip
def test_a_hostile_name_is_no_namespace(name: str) -> None:
    with pytest.raises(UsageError, match="is no namespace") as refused:
        parse(name)
    assert "\0" not in str(refused.value)


@pytest.mark.parametrize(
    "name",
    [
        "a", "a.b", "a.b.c", "a.b..c", "ü.ü", "a.$b", "a.x/../y", "a.b c", "a" * 63, "a.\n",
        "a." + "c" * 253, "a.system.x", "\U0001f642.\u202e",
    ],
)  # fmt: skip
def test_what_mongod_takes_is_one(name: str) -> None:
    assert str(parse(name)) == name


@pytest.mark.parametrize("name", ["a.b$c", "a.$", "a.system.js", "a.system.buckets.x"])
def test_names_that_can_not_be_given_are_no_new_names(name: str) -> None:
    with pytest.raises(UsageError, match="can not be a new name"):
        parse_new(name)


@pytest.mark.parametrize("logical", [True, False])
@pytest.mark.parametrize(
    ("selection", "kind"),
    [
        (Selection(namespaces=("admin",)), Refused),
        (Selection(namespaces=("admin.system.users",)), Refused),
        (Selection(namespaces=("config.x",)), Refused),
        (Selection(excluded=("local",)), Refused),
        (Selection(namespaces=("app.system.views",)), Refused),
        (Selection(renames=(("admin", "a"),)), Refused),
        (Selection(renames=(("app", "admin"),)), Refused),
        (Selection(renames=(("app.a", "config.a"),)), Refused),
        (Selection(renames=(("app.system.js", "app.x"),)), Refused),
        (Selection(renames=(("app", "b.c"),)), UsageError),
        (Selection(renames=(("app.a", "b"),)), UsageError),
        (Selection(renames=(("app.a", "b.c"), ("app.a", "b.d"))), UsageError),
        (Selection(renames=(("app.a", "b.$c"),)), UsageError),
        (Selection(namespaces=("a/b",)), UsageError),
        (Selection(filters=(("app", "{}"),)), UsageError),
        (Selection(filters=(("admin.system.users", "{}"),)), (Refused, UsageError)),
    ],
)
def test_what_can_never_be_is_refused_without_a_look_at_the_data(
    selection: Selection, kind: type[Exception], logical: bool
) -> None:
    with pytest.raises(kind):
        check_selection(selection, logical=logical)


def test_filters_are_for_documents_alone() -> None:
    filtered = Selection(filters=(("app.a", '{"x": 1}'),))
    check_selection(filtered, logical=True)
    with pytest.raises(UsageError, match="takes documents"):
        check_selection(filtered, logical=False)


@pytest.mark.parametrize("text", ["{bad", "7", '{"a": {"$oid": 1}}'])
def test_a_filter_that_is_no_document_is_refused_without_a_look_at_the_data(text: str) -> None:
    with pytest.raises(UsageError, match="filter") as refused:
        check_selection(Selection(filters=(("app.a", text),)), logical=True)
    assert refused.value.where == "'app.a'"
