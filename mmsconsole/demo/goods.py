"""The shop's people and things: documents made from a seeded Random, nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

Document = dict[str, Any]

# fmt: off
FIRST = ("Ada", "Ben", "Chloé", "Dmitri", "Emre", "Fatima", "Grace", "Hugo", "Jun", "Kofi", "Rosa")
LAST = ("Abara", "Bergström", "Castillo", "Dubois", "Eriksen", "García", "Haddad", "Ito", "Novák")
CITIES = ("Berlin", "Bogotá", "Dublin", "Kraków", "Lagos", "Lyon", "Osaka", "Oslo", "Porto")
THINGS = ("lamp", "kettle", "chair", "desk", "rug", "clock", "mirror", "shelf", "vase", "mug")
KINDS = ("oak", "steel", "linen", "glass", "wool", "cork", "brass", "paper", "stone", "clay")
PAGES = ("home", "search", "product", "basket", "checkout", "account")
WORDS = ("please", "leave", "at", "the", "door", "ring", "twice", "gift", "wrapped", "fragile",
         "neighbour", "second", "floor", "after", "six", "thank", "you", "very", "much")
# fmt: on
OPENED = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stocking:
    """How much the shop holds on its first day."""

    customers: int
    products: int
    orders: int
    events: int


SMALL = Stocking(customers=2_000, products=500, orders=12_000, events=20_000)
MEDIUM = Stocking(customers=20_000, products=2_000, orders=150_000, events=250_000)


class Goods:
    """One seeded source of documents."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def customer(self, number: int) -> Document:
        pick = self.random.choice
        return {
            "_id": number,
            "name": {"first": pick(FIRST), "last": pick(LAST)},
            "city": pick(CITIES),
            "email": f"customer{number}@example.org",
            "points": self.random.randrange(500),
            "tags": [],
            "recent": [],
            "since": self.moment(),
        }

    def product(self, number: int) -> Document:
        kind, thing = self.random.choice(KINDS), self.random.choice(THINGS)
        return {
            "_id": f"P{number:05}",
            "title": f"{kind} {thing}",
            "price": round(self.random.uniform(3, 400), 2),
            "sizes": self.random.sample(["S", "M", "L", "XL"], self.random.randrange(1, 5)),
            "about": self.sentence(40),
        }

    def stock(self, number: int) -> Document:
        return {
            "_id": f"P{number:05}",
            "shelf": f"{self.random.choice('ABCDEF')}{self.random.randrange(90)}",
            "count": 50 + self.random.randrange(500),
            "flags": 0,
        }

    def order(self, number: int, customers: int, products: int) -> Document:
        lines = [self.line(products) for _ in range(self.random.randrange(1, 6))]
        return {
            "_id": number,
            "customer": self.random.randrange(customers),
            "state": self.random.choice(("placed", "paid", "sent", "done")),
            "lines": lines,
            "total": round(sum(line["price"] * line["count"] for line in lines), 2),
            "placed": self.moment(),
            "note": self.sentence(self.random.randrange(60)),
        }

    def line(self, products: int) -> Document:
        return {
            "product": f"P{self.random.randrange(products):05}",
            "count": self.random.randrange(1, 4),
            "price": round(self.random.uniform(3, 400), 2),
        }

    def event(self, customers: int) -> Document:
        return {
            "at": self.moment(),
            "page": self.random.choice(PAGES),
            "customer": self.random.randrange(customers),
            "ms": self.random.randrange(5, 900),
        }

    def moment(self) -> datetime:
        return OPENED + timedelta(seconds=self.random.randrange(365 * 86_400))

    def sentence(self, words: int) -> str:
        return " ".join(self.random.choices(WORDS, k=words))

    def first_day(self, stocking: Stocking) -> Iterator[tuple[str, list[Document]]]:
        """(collection, documents) in batches that one insert takes."""
        people, things = stocking.customers, stocking.products
        makers = (
            ("customers", people, self.customer),
            ("products", things, self.product),
            ("stock", things, self.stock),
            ("orders", stocking.orders, lambda number: self.order(number, people, things)),
            ("events", stocking.events, lambda number: self.event(people)),  # noqa: ARG005
        )
        for name, count, make in makers:
            for start in range(0, count, BATCH):
                yield name, [make(number) for number in range(start, min(start + BATCH, count))]


BATCH = 1_000
