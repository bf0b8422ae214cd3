"""What moved, what went silent, what leaks: conclusions drawn from rates. All on the basis of BUYERS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bounce_watch.records.times import require_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """This period's rate less that of the one before, and its 95 % interval, in percentage points."""

    points: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """True when the interval leaves out zero."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """How the rate moves, in percentage points a month of 30.4375 days, with its 95 % interval, over `periods`."""

    points_a_month: float
    low: float
    high: float
    periods: int

    @property
    def is_clear(self) -> bool:
        """True when the interval leaves out zero."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePoint:
    """From the sends of `since` on the rate is another: shares in 0..1 before and from then on."""

    since: date
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What can be said of the movement: `difference` and `slope` are None for want of data, and only then.

    `point` is None when nothing changed or, with `enough_for_point` False, when there is too little to say.
    """

    difference: Difference | None
    slope: Slope | None
    point: ChangePoint | None
    enough_for_point: bool


class SilenceState(StrEnum):
    """HEARD: notices come as they should. SILENT: too many are missing. CANNOT_TELL: too few were ever seen."""

    HEARD = "heard"
    SILENT = "silent"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """One marketplace (None: not known): how many notices ever came, and how many should have since the last one.

    `by_days`: no sent log tells what was sent, so each day counts the same, and a pause looks like a silence.
    """

    marketplace: str | None
    state: SilenceState
    notices: int
    expected: float | None
    last_notice_at: datetime | None
    by_days: bool = False

    def __post_init__(self) -> None:
        require_utc(last_notice_at=self.last_notice_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakLabel:
    """How many leaked messages bear a template's or campaign's name; None: the sent log does not say, or holds no such message."""

    label: str | None
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """Messages that Amazon blocked although their buyer stood on an exported list: the export is not reaching the sender.

    `messages` went to `buyers`, the first at `first_at` and the last at `last_at` (sent, else noticed). All of them came after
    the export number `export_id` of `exported_at` by `preset` to `path`, the first one that held one of these
    buyers. `labels` are the most frequent first.
    """

    messages: int
    buyers: int
    first_at: datetime
    last_at: datetime
    export_id: int
    exported_at: datetime
    preset: str
    path: str
    labels: tuple[LeakLabel, ...]

    def __post_init__(self) -> None:
        require_utc(first_at=self.first_at, last_at=self.last_at, exported_at=self.exported_at)
