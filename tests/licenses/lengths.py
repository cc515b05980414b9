"""Lengths of time with the day on which a person expects them to end.

Each line: the length, where the vendor is, when it begins by the clocks there, when the licence is
renewed, and the last day, or the moment for what is shorter than a day.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from licenses.ends import End, end_of

BERLIN, NEW_YORK, KOLKATA = "Europe/Berlin", "America/New_York", "Asia/Kolkata"
SAO_PAULO, ASUNCION, CAIRO = "America/Sao_Paulo", "America/Asuncion", "Africa/Cairo"
APIA, HAVANA, LORD_HOWE, HONOLULU = (
    "Pacific/Apia", "America/Havana", "Australia/Lord_Howe", "Pacific/Honolulu"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    length: str
    zone: str
    start: str
    renewed: tuple[str, ...]
    last: str

    def moment(self, text: str) -> datetime:
        """A time by the clocks there, or one that says its offset itself."""
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(self.zone))

    @property
    def end(self) -> End:
        if len(self.last) == len("2026-11-25"):
            return end_of(date.fromisoformat(self.last), ZoneInfo(self.zone))
        return End(self.moment(self.last).astimezone(UTC))


def line(length: str, zone: str, start: str, *renewed: str, last: str) -> Line:
    return Line(length, zone, start, renewed, last)


TABLE = [
    # --- Years ---
    line("P1Y", "UTC", "2026-11-25 10:00", last="2027-11-25"),
    line("P2Y", "UTC", "2026-11-25 10:00", last="2028-11-25"),
    line("P2Y", BERLIN, "2026-11-25 10:00", last="2028-11-25"),
    line("P3Y", "UTC", "2026-11-25 10:00", last="2029-11-25"),
    line("P10Y", "UTC", "2026-11-25 10:00", last="2036-11-25"),
    line("P100Y", "UTC", "2026-11-25 10:00", last="2126-11-25"),
    line("P1Y", "UTC", "2027-12-31 23:59", last="2028-12-31"),
    line("P1Y", "UTC", "2028-01-01 00:00", last="2029-01-01"),
    line("P1Y", "UTC", "2028-02-29 12:00", last="2029-02-28"),
    line("P4Y", "UTC", "2028-02-29 12:00", last="2032-02-29"),
    line("P1Y", "UTC", "2027-02-28 12:00", last="2028-02-28"),
    line("P1Y", "UTC", "2027-03-01 12:00", last="2028-03-01"),
    line("P1Y", BERLIN, "2028-02-29 00:30", last="2029-02-28"),
    # --- Months ---
    line("P1M", "UTC", "2027-01-31 10:00", last="2027-02-28"),
    line("P1M", "UTC", "2028-01-31 10:00", last="2028-02-29"),
    line("P1M", "UTC", "2027-01-30 10:00", last="2027-02-28"),
    line("P1M", "UTC", "2027-01-28 10:00", last="2027-02-28"),
    line("P1M", "UTC", "2027-02-28 10:00", last="2027-03-28"),
    line("P1M", "UTC", "2027-03-31 10:00", last="2027-04-30"),
    line("P1M", "UTC", "2027-12-31 10:00", last="2028-01-31"),
    line("P3M", "UTC", "2026-11-30 10:00", last="2027-02-28"),
    line("P6M", "UTC", "2027-08-31 10:00", last="2028-02-29"),
    line("P12M", "UTC", "2026-11-25 10:00", last="2027-11-25"),
    line("P18M", "UTC", "2026-11-25 10:00", last="2028-05-25"),
    line("P18M", "UTC", "2026-08-31 10:00", last="2028-02-29"),
    line("P1Y6M", "UTC", "2026-08-31 10:00", last="2028-02-29"),
    line("P1Y6M", BERLIN, "2026-11-25 10:00", last="2028-05-25"),
    line("P3M10D", "UTC", "2026-11-30 10:00", last="2027-03-10"),
    line("P1Y182D", "UTC", "2026-11-25 10:00", last="2028-05-25"),
    # --- Days ---
    line("P1D", "UTC", "2026-11-25 10:00", last="2026-11-26"),
    line("P1D", "UTC", "2026-11-25 00:00", last="2026-11-26"),
    line("P1D", "UTC", "2026-11-25 23:59", last="2026-11-26"),
    line("P7D", "UTC", "2026-12-28 10:00", last="2027-01-04"),
    line("P2W", "UTC", "2026-11-25 10:00", last="2026-12-09"),
    line("P30D", "UTC", "2026-11-25 10:00", last="2026-12-25"),
    line("P30D", "UTC", "2027-01-31 10:00", last="2027-03-02"),
    line("P30D", "UTC", "2028-01-31 10:00", last="2028-03-01"),
    line("P90D", BERLIN, "2027-01-15 10:00", last="2027-04-15"),
    line("P365D", "UTC", "2027-11-25 10:00", last="2028-11-24"),
    line("P366D", "UTC", "2027-11-25 10:00", last="2028-11-25"),
    # --- Where a day begins: the same moment is another day elsewhere ---
    line("P1Y", BERLIN, "2026-12-31T23:30:00+00:00", last="2028-01-01"),
    line("P1Y", "UTC", "2026-12-31T23:30:00+00:00", last="2027-12-31"),
    line("P1Y", NEW_YORK, "2027-01-01T04:59:00+00:00", last="2027-12-31"),
    line("P1M", NEW_YORK, "2027-03-01T01:00:00+00:00", last="2027-03-28"),
    line("P1M", KOLKATA, "2027-01-30T18:30:00+00:00", last="2027-02-28"),
    line("P1D", HONOLULU, "2026-11-26T09:59:00+00:00", last="2026-11-26"),
    line("P1D", "Pacific/Kiritimati", "2026-11-25T10:00:00+00:00", last="2026-11-27"),
    # --- Summer time begins and ends meanwhile, or on that very day ---
    line("P30D", BERLIN, "2027-03-01 10:00", last="2027-03-31"),
    line("P1D", BERLIN, "2027-03-27 10:00", last="2027-03-28"),
    line("P1D", BERLIN, "2027-10-30 10:00", last="2027-10-31"),
    line("P1D", NEW_YORK, "2027-03-13 23:30", last="2027-03-14"),
    line("P6M", NEW_YORK, "2027-05-07 10:00", last="2027-11-07"),
    line("P1M", LORD_HOWE, "2027-03-04 10:00", last="2027-04-04"),
    line("P1D", CAIRO, "2027-04-29 10:00", last="2027-04-30"),
    line("P1D", CAIRO, "2027-10-28 10:00", last="2027-10-29"),
    line("P1D", HAVANA, "2027-10-31 10:00", last="2027-11-01"),
    line("P1M", SAO_PAULO, "2018-10-03 10:00", last="2018-11-03"),
    line("P1D", SAO_PAULO, "2018-02-16 10:00", last="2018-02-17"),
    line("P1D", ASUNCION, "2024-03-22 10:00", last="2024-03-23"),
    line("P1D", APIA, "2011-12-28 10:00", last="2011-12-29"),
    # --- Hours end at their moment ---
    line("PT8H", "UTC", "2026-11-25 10:00", last="2026-11-25T18:00:00"),
    line("PT8H", BERLIN, "2026-11-25 20:00", last="2026-11-26T04:00:00"),
    line("PT8H", BERLIN, "2027-03-27 22:00", last="2027-03-28T07:00:00"),
    line("PT90M", NEW_YORK, "2027-11-07 00:45", last="2027-11-07T01:15:00-05:00"),
    line("PT30S", "UTC", "2026-12-31 23:59:45", last="2027-01-01T00:00:15"),
    line("PT23H59M", "UTC", "2026-11-25 10:00", last="2026-11-26T09:59:00"),
    # --- A day and more by the clock ends with the day on which it runs out ---
    line("PT24H", "UTC", "2026-11-25 10:00", last="2026-11-26"),
    line("PT36H", "UTC", "2026-11-25 10:00", last="2026-11-26"),
    line("PT36H", "UTC", "2026-11-25 20:00", last="2026-11-27"),
    line("P1DT12H", BERLIN, "2026-11-25 10:00", last="2026-11-26"),
    # --- Renewed early, also more than once ---
    line("P1Y", "UTC", "2026-11-25 10:00", "2027-11-01 10:00", last="2028-11-25"),
    line("P1Y", "UTC", "2026-11-25 10:00", "2026-11-25 10:00", last="2028-11-25"),
    line("P1Y", BERLIN, "2026-11-25 10:00", "2027-11-25 23:59:58", last="2028-11-25"),
    line("P1M", "UTC", "2027-01-31 10:00", "2027-02-20 10:00", last="2027-03-31"),
    line("P1M", "UTC", "2027-01-31 10:00", *("2027-02-20 10:00",) * 2, last="2027-04-30"),
    line("P1M", "UTC", "2027-01-31 10:00", "2027-02-20", "2027-03-20", "2027-04-20",
         last="2027-05-31"),
    line("P1M", "UTC", "2027-01-31 10:00", *("2027-01-31 10:00",) * 12, last="2028-02-29"),
    line("P1Y", "UTC", "2028-02-29 12:00", *("2028-03-01",) * 3, last="2032-02-29"),
    line("P1Y", "UTC", "2028-02-29 12:00", "2029-02-01", last="2030-02-28"),
    line("P30D", "UTC", "2026-11-25 10:00", "2026-12-24", last="2027-01-24"),
    line("P3M10D", "UTC", "2026-11-30 10:00", "2027-03-01", last="2027-06-19"),
    line("P18M", BERLIN, "2026-08-31 10:00", "2028-02-01", last="2029-08-31"),
    line("PT8H", "UTC", "2026-11-25 10:00", "2026-11-25 12:00", last="2026-11-26T02:00:00"),
    line("P1DT12H", "UTC", "2026-11-25 10:00", "2026-11-26 10:00", last="2026-11-28"),
    # --- Renewed late: it begins anew on that day ---
    line("P1Y", "UTC", "2026-11-25 10:00", "2027-11-26 00:00", last="2028-11-26"),
    line("P1Y", "UTC", "2026-11-25 10:00", "2029-02-28 10:00", last="2030-02-28"),
    line("P1Y", BERLIN, "2026-11-25 10:00", "2027-11-25T23:00:00+00:00", last="2028-11-26"),
    line("P1Y", NEW_YORK, "2026-11-25 10:00", "2027-11-26T04:30:00+00:00", last="2028-11-25"),
    line("P1M", "UTC", "2027-01-31 10:00", "2027-03-05", last="2027-04-05"),
    line("P1M", "UTC", "2027-01-15 10:00", "2027-03-31", "2027-04-01", "2027-05-01",
         last="2027-06-30"),
    line("PT8H", "UTC", "2026-11-25 10:00", "2026-11-25 18:00", last="2026-11-26T02:00:00"),
]  # fmt: skip
