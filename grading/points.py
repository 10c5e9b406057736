"""Points as whole hundredths: exact sums in code and database, ordinary numbers at the edges."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from grading.errors import GradingError

LARGEST = 1_000_000


class PointsUnreadable(GradingError):
    """What was typed as points is not a number with at most two decimals."""

    code = "points_unreadable"


def parse_points(value: str) -> int:
    """Hundredths from what a person typed, with a decimal point or comma.

    Raises:
        PointsUnreadable: says what was typed and what is expected.
    """
    number = _decimal(value)
    if number is None or number * 100 != (number * 100).to_integral_value() or abs(number) > LARGEST:
        raise PointsUnreadable(f"“{value.strip()[:20]}” is not a number of points. Write a number such as 20 or 12.5.")
    return int(number * 100)


def _decimal(value: str) -> Decimal | None:
    try:
        number = Decimal(value.strip().replace(",", "."))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def format_points(hundredths: int) -> str:
    """Hundredths as people write them: 20, 12.5, 0.25."""
    return f"{Decimal(hundredths) / 100:.2f}".rstrip("0").rstrip(".")


def scale(hundredths: int, of: int, to: int) -> int:
    """Carry a score from one maximum to another, rounded half up to whole hundredths."""
    return int((Decimal(hundredths) * to / of).quantize(Decimal(1), rounding=ROUND_HALF_UP))
