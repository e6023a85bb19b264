"""A head that follows its source, and everything that may happen to it meanwhile."""

from tests.support.backups import Bench


def test_a_head_follows_its_source(bench: Bench) -> None:
    bench.write(*range(100))
    bench.synced()

    bench.write(*range(100, 200))
    bench.client.app.c.delete_many({"_id": {"$lt": 10}})
    bench.client.app.c.create_index("a")

    bench.assert_head_equals_source()
