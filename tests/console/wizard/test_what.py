"""What of the data, as it is typed."""

import pytest

from mmsconsole.console.wizard import what
from mmsconsole.console.wizard.forms import Form
from mmsconsole.errors import MmsError, UsageError
from mmsconsole.metadata.targets import WHOLE, Selection


def form(**values: str) -> Form:
    made = what.everything()
    for key, text in values.items():
        made = made.given(key, text)
    return made


def test_nothing_typed_is_everything_as_it_is() -> None:
    assert what.selection_of(what.everything()) == WHOLE


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"only": "app shop.orders"}, Selection(("app", "shop.orders"), users=False)),
        ({"only": "app", "users": "yes"}, Selection(("app",), users=True)),
        ({"users": "no", "indexes": "no"}, Selection(users=False, indexes=False)),
        ({"except": "app.cache"}, Selection(excluded=("app.cache",))),
        ({"only": "'app.two words' app.ümlaut"},
         Selection(("app.two words", "app.ümlaut"), users=False)),
        ({"renames": "a=b 'a.c d=a.e f'"}, Selection(renames=(("a", "b"), ("a.c d", "a.e f")))),
        ({"filter": 'a.b={"x": "}"} c.d = {"y": {"$gt": 1}}'},
         Selection(filters=(("a.b", '{"x": "}"}'), ("c.d", '{"y": {"$gt": 1}}')))),
    ],
)  # fmt: skip
def test_what_is_typed_is_what_is_taken(values: dict[str, str], expected: Selection) -> None:
    assert what.selection_of(form(**values)) == expected


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"only": "'app"}, "a quote is not closed"),
        ({"only": "a$b"}, "is no namespace"),
        ({"only": "admin"}, "a database of the server's own"),
        ({"renames": "app"}, "a new name is given as OLD=NEW"),
        ({"renames": "app="}, "a new name is given as OLD=NEW"),
        ({"renames": "app=a.b"}, "can not become"),
        ({"filter": "a.b"}, "documents are chosen by"),
        ({"filter": "a.b={x: 1}"}, "documents are chosen by"),
        ({"filter": 'app={"x": 1}'}, "a filter is for one collection"),
    ],
)
def test_what_makes_no_sense_is_refused_before_the_engine_is_asked(
    values: dict[str, str], told: str
) -> None:
    with pytest.raises(MmsError) as refused:
        what.selection_of(form(**values))
    assert told in refused.value.what


def test_names_that_were_chosen_are_typed_so_that_they_are_read_again() -> None:
    names = ("app.two words", "it's", "plain")
    assert what.words(what.joined(names)) == names
    with pytest.raises(UsageError):
        what.words('"')
