"""A new replica set: its configuration, and lines that can be pasted whatever the names are."""

import json
import shlex

import pytest

from mmsconsole.errors import UsageError
from mmsconsole.restore.seeding.plan import commands, configuration, seed_of


def test_members_get_numbers_and_at_most_seven_have_a_vote() -> None:
    found = configuration(seed_of("rs7", [f"db{n}:27018" for n in range(9)]))
    members = found["members"]
    assert isinstance(members, list)
    assert found["_id"] == "rs7"
    assert members[0] == {"_id": 0, "host": "db0:27018"}
    assert [one["_id"] for one in members if one.get("votes") == 0] == [7, 8]


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("", ["a"]), ("a b", ["a"]), ("x'; rm -rf /", ["a"]), ("n" * 65, ["a"]), ("rs", []),
        ("rs", ["a"] * 2), ("rs", [f"h{n}" for n in range(51)]), ("rs", ["/tmp/x.sock"]),
        ("rs", [":27017"]), ("rs", ["a:none"]),
    ],
)  # fmt: skip
def test_what_makes_no_replica_set_is_refused(name: str, members: list[str]) -> None:
    with pytest.raises(UsageError):
        seed_of(name, members)


def test_the_commands_hold_any_folder_as_one_word() -> None:
    folder = "/srv/it's $(here); rm x"
    lines = commands(seed_of("rs0", ["db1", "db2:27018"]), folder, "6.0")
    start = next(line for line in lines if line.startswith("mongod --dbpath '"))
    assert shlex.split(start)[2] == folder
    asked = shlex.split(lines[-1])[-1]
    assert json.loads(asked.removeprefix("rs.initiate(").removesuffix(")")) == configuration(
        seed_of("rs0", ["db1:27017", "db2:27018"])
    )
