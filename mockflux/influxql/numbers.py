"""Numbers as Go holds and writes them."""

from __future__ import annotations

import math
from decimal import Decimal

SMALLEST, LARGEST = -(2**63), 2**63 - 1
LARGEST_UNSIGNED = 2**64 - 1


def read_integer(digits: str) -> int:
    """The number that digits are. Of one that is far beyond 64 bits only that is told: Python refuses to read it."""
    return int(digits) if len(digits) < 100 else 10**100


def wrapped(number: int) -> int:
    """The number as it is after running over in 64 bits with a sign."""
    return (number + 2**63) % 2**64 - 2**63


def show_float(number: float) -> str:
    """As Go's ``%v`` writes it: the shortest form, with an exponent for what is very large or very small."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "+Inf" if number > 0 else "-Inf"
    if number and not 1e-4 <= abs(number) < 1e21:
        return repr(number)  # which has an exponent then, too
    return plain_float(number)


def plain_float(number: float) -> str:
    """The shortest form without an exponent."""
    text = format(Decimal(repr(number)), "f")
    return text.removesuffix(".0")


def truncated_remainder(a: int, b: int) -> int:
    """What is left of a division that rounds towards 0."""
    remainder = abs(a) % abs(b)
    return -remainder if a < 0 else remainder
