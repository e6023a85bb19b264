"""The second step: what of the data, as it is typed."""

import json
import shlex
from collections.abc import Iterable

from mmsconsole.console.wizard.forms import Form, Row
from mmsconsole.errors import UsageError
from mmsconsole.metadata.targets import Selection
from mmsconsole.restore.selecting import check_selection

ONLY, EXCEPT, RENAMES, FILTER = "only", "except", "renames", "filter"
USERS, INDEXES = "users", "indexes"
YES, NO, AS_USUAL = "yes", "no", "as usual"
BLANKS = "Apart by blanks; a name that holds one stands in quotes."

ROWS = (
    Row(ONLY, "only", f"Databases and collections; empty: everything. {BLANKS}",
        example="app shop.orders", names=True),
    Row(EXCEPT, "but not", f"What is left out of that. {BLANKS}", example="app.cache", names=True),
    Row(RENAMES, "new names", f"OLD=NEW, a database or a collection. {BLANKS}",
        example="app=app_before shop.orders=shop.orders_before"),
    Row(FILTER, "documents", "Of a collection only the documents that match: COLLECTION={...}, as "
        "extended JSON. For dumps and live deployments, not for data files.",
        example='shop.orders={"status": "open"}'),
    Row(USERS, "users", "Users and roles.", (
        (AS_USUAL, "with everything, not with a part"), (YES, "yes"), (NO, "no"))),
    Row(INDEXES, "indexes", "All that there were, or _id's alone.", ((YES, "yes"), (NO, "no"))),
)  # fmt: skip


def everything() -> Form:
    return Form(ROWS, proposed={USERS: AS_USUAL, INDEXES: YES})


def selection_of(form: Form) -> Selection:
    """Raises UsageError, and Refused for what belongs to the server itself."""
    namespaces = words(form.text(ONLY))
    users = form.text(USERS)
    selection = Selection(
        namespaces=namespaces,
        excluded=words(form.text(EXCEPT)),
        renames=tuple(map(_rename, words(form.text(RENAMES)))),
        users=not namespaces if users == AS_USUAL else users == YES,
        indexes=form.text(INDEXES) != NO,
        filters=filters(form.text(FILTER)),
    )
    check_selection(selection, logical=True)
    return selection


def words(text: str) -> tuple[str, ...]:
    """As a shell takes them. Raises UsageError."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError("a quote is not closed", where=text) from error


def joined(names: Iterable[str]) -> str:
    return shlex.join(names)


def _rename(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not equals or not old or not new:
        raise UsageError("a new name is given as OLD=NEW", where=text)
    return old, new


def filters(text: str) -> tuple[tuple[str, str], ...]:
    """COLLECTION={...}, one or more. Raises UsageError."""
    found, rest = [], text.strip()
    while rest:
        namespace, _, behind = rest.partition("=")
        behind = behind.lstrip()
        try:
            _, end = json.JSONDecoder().raw_decode(behind)
        except ValueError as error:
            raise UsageError(
                "documents are chosen by COLLECTION={...}", where=rest,
                hint='names of fields stand in double quotes: {"_id": 5}',
            ) from error  # fmt: skip
        found.append((namespace.strip(), behind[:end]))
        rest = behind[end:].strip()
    return tuple(found)
