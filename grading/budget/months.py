"""Months and days of the site's time zone, whatever its clocks are put to."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of the calendar."""

    year: int
    number: int

    def __str__(self) -> str:
        """As 2026-11."""
        return f"{self.year:04d}-{self.number:02d}"

    @classmethod
    def of(cls, moment: datetime, zone: tzinfo) -> "Month":
        """The month in which a moment falls, where the site is."""
        local = moment.astimezone(zone)
        return cls(local.year, local.month)

    @classmethod
    def parse(cls, text: str) -> "Month":
        """From 2026-11.

        Raises:
            ValueError: it is written in another way.
        """
        year, number = text.split("-")
        if len(year) != 4 or len(number) != 2 or not 1 <= int(number) <= 12:
            raise ValueError(text)
        return cls(int(year), int(number))

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.next().first - self.first).days

    def next(self) -> "Month":
        """The month after."""
        return Month(self.year + 1, 1) if self.number == 12 else Month(self.year, self.number + 1)

    def previous(self) -> "Month":
        """The month before."""
        return Month(self.year - 1, 12) if self.number == 1 else Month(self.year, self.number - 1)

    def begins(self, zone: tzinfo) -> datetime:
        """Its first moment, in UTC."""
        return day_begins(self.first, zone)

    def ends(self, zone: tzinfo) -> datetime:
        """The first moment after it, in UTC."""
        return self.next().begins(zone)


def day_begins(day: date, zone: tzinfo) -> datetime:
    """The first moment of a day, in UTC. Where midnight is skipped, it is the moment to which clocks are put."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def days_between(first: date, last: date) -> list[date]:
    """All days from the first to the last one."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
