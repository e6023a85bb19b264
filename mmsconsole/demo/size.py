"""How much the demo's shop holds. A module of its own: help texts name it, and import nothing."""

from enum import StrEnum


class Size(StrEnum):
    """About 10 MB, or about 100 MB."""

    SMALL = "small"
    MEDIUM = "medium"
