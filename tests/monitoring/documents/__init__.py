"""Answers of servers of 4.4 to 8.0, as far as the metrics read them. Written by hand: where the
versions differ, each maker says how."""
