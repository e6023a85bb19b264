"""The live workload: a small shop that people buy from.

One step is one thing that happens in a shop: an order (a transaction over three collections),
a payment, a parcel, a page view. Together the steps use inserts, updates with all the usual
operators, replacements, deletes, transactions and now and then an index build. What happens is
decided by the seed alone; when it happens is up to the runner.
"""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from pymongo import ASCENDING, DESCENDING, MongoClient, ReplaceOne, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.write_concern import WriteConcern

from mmsconsole.demo.goods import Document, Goods, Stocking

DATABASE = "shop"
TWENTY_YEARS = 20 * 365 * 86_400
ONE_MEMBER = WriteConcern(1)
Client = MongoClient[dict[str, Any]]


class Shop:
    """The shop's collections, and what happens in them."""

    def __init__(self, client: Client, stocking: Stocking, seed: int = 1) -> None:
        self.client = client
        self.stocking = stocking
        # Not waiting for the majority keeps the pace up with one thread.
        self.shop = client.get_database(DATABASE, write_concern=ONE_MEMBER)
        self.random = Random(seed)  # noqa: S311 - a workload, not a secret
        self.goods = Goods(self.random)
        self.next_order = stocking.orders
        self._steps, self._weights = zip(*self._table(), strict=True)

    def _table(self) -> list[tuple[Callable[[], None], int]]:
        """What happens, and how often among 1000 steps."""
        return [
            (self.view_page, 420),
            (self.place_order, 150),
            (self.pay_order, 120),
            (self.edit_customer, 90),
            (self.change_stock, 80),
            (self.send_order, 60),
            (self.rewrite_product, 40),
            (self.cancel_order, 25),
            (self.forget_events, 12),
            (self.change_index, 3),
        ]

    def open(self) -> None:
        """Create the indexes and stock the shelves."""
        self.shop.orders.create_index([("customer", ASCENDING), ("placed", DESCENDING)])
        self.shop.customers.create_index("email", unique=True)
        self.shop.events.create_index("customer")
        self.shop.events.create_index("at", expireAfterSeconds=TWENTY_YEARS)
        for name, documents in self.goods.first_day(self.stocking):
            self.shop[name].insert_many(documents, ordered=False)

    def step(self) -> None:
        """One thing happens."""
        self.random.choices(self._steps, self._weights)[0]()

    def view_page(self) -> None:
        self.shop.events.insert_one(self.goods.event(self.stocking.customers))

    def place_order(self) -> None:
        """A transaction: the order, the goods off the shelf, the customer's recent orders."""
        order = self.goods.order(self.next_order, self.stocking.customers, self.stocking.products)
        order["state"] = "placed"
        self.next_order += 1
        with self.client.start_session() as session:
            session.with_transaction(
                lambda open_: self._place(order, open_), write_concern=ONE_MEMBER
            )

    def _place(self, order: Document, session: ClientSession) -> None:
        recent = {"$each": [order["_id"]], "$slice": -10}
        self.shop.orders.insert_one(order, session=session)
        self.shop.customers.update_one(
            {"_id": order["customer"]},
            {"$push": {"recent": recent}, "$inc": {"points": int(order["total"]) // 10}},
            session=session,
        )
        taken = [
            UpdateOne({"_id": line["product"]}, {"$inc": {"count": -line["count"]}})
            for line in order["lines"]
        ]
        self.shop.stock.bulk_write(taken, session=session)

    def pay_order(self) -> None:
        self.shop.orders.update_one(
            {"_id": self._some_order()},
            {
                "$set": {"state": "paid", "payment.method": self.random.choice(("card", "bank"))},
                "$currentDate": {"payment.at": True},
                "$unset": {"note": ""},
            },
        )

    def send_order(self) -> None:
        """Every line of an order, by array filters, or the whole order by a pipeline."""
        parcel = f"T{self.random.randrange(10**9):09}"
        which = {"_id": self._some_order()}
        if self.random.random() < 0.5:
            many = [{"line.count": {"$gte": 2}}]
            self.shop.orders.update_one(
                which,
                {"$set": {"state": "sent", "parcel": parcel, "lines.$[line].bulky": True}},
                array_filters=many,
            )
            return
        units: Mapping[str, Any] = {"$sum": "$lines.count"}
        self.shop.orders.update_one(
            which, [{"$set": {"state": "sent", "parcel": parcel, "units": units}}]
        )

    def cancel_order(self) -> None:
        self.shop.orders.delete_one({"_id": self._some_order()})

    def edit_customer(self) -> None:
        change = self.random.choice((
            {"$addToSet": {"tags": self.random.choice(("vip", "news", "late", "kind"))}},
            {"$pull": {"tags": "late"}},
            {"$pop": {"recent": -1}},
            {"$mul": {"points": 2}},
            {"$min": {"points": 1_000_000}},
            {"$max": {"points": 10}},
            {"$rename": {"city": "town"}},
            {"$set": {"city": "Zürich"}, "$setOnInsert": {"odd": True}},
            {"$push": {"tags": {"$each": ["kind"], "$position": 0, "$slice": 8}}},
        ))  # fmt: skip
        self.shop.customers.update_one({"_id": self._some_customer()}, change)

    def change_stock(self) -> None:
        """One shelf is filled up, or a bit of its flags turns."""
        if self.random.random() < 0.8:
            change: Document = {"$inc": {"count": self.random.randrange(1, 20)}}
        else:
            change = {"$bit": {"flags": {"xor": 1 << self.random.randrange(8)}}}
        self.shop.stock.update_one({"_id": self._some_product()}, change)

    def rewrite_product(self) -> None:
        number = self.random.randrange(self.stocking.products)
        product = self.goods.product(number)
        self.shop.products.bulk_write([ReplaceOne({"_id": product["_id"]}, product, upsert=True)])

    def forget_events(self) -> None:
        """A customer asks to be forgotten."""
        self.shop.events.delete_many({"customer": self._some_customer()})

    def change_index(self) -> None:
        """Build the index on totals, or take it away again."""
        if any(index["name"] == "by_total" for index in self.shop.orders.list_indexes()):
            self.shop.orders.drop_index("by_total")
        else:
            self.shop.orders.create_index([("total", DESCENDING)], name="by_total")

    def _some_order(self) -> int:
        """Mostly a young one."""
        return int(self.next_order * (1 - self.random.random() ** 3))

    def _some_customer(self) -> int:
        return self.random.randrange(self.stocking.customers)

    def _some_product(self) -> str:
        return f"P{self.random.randrange(self.stocking.products):05}"
