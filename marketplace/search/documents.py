"""What goes into the index and what comes out of it, as plain values."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

SORTS = ("relevance", "price", "-price", "newest", "stock")
MAX_TEXT = 100
MAX_SIZE = 100
BUCKETS = 12


@dataclass(frozen=True)
class Document:
    """An offer as a searcher sees it. Fen per comparable unit; `available` in thousandths of the order unit."""

    offer_id: UUID
    code: str
    name: str
    supplier_name: str
    categories: tuple[tuple[str, str], ...]  # the category's path, (code, name) from the top down
    county: str  # 12-digit code
    county_name: str
    township: str = ""
    township_name: str = ""
    village_name: str = ""
    summary: str = ""
    comparable_price_fen: int = 0  # 0: not comparable
    comparable_unit: str = ""
    order_unit: str = ""
    season_from: int = 0  # month and day, 720 for 20 July; 0 and 0: all the year
    season_to: int = 0  # may be before `season_from`: December to February
    eligible_from: int = 0  # ordinals of days, `date.toordinal()`; 0: not eligible
    eligible_to: int = 0  # 0: no end
    available: int = 0
    certificates: tuple[str, ...] = ()
    listed_at: datetime | None = None
    households: int = 0


@dataclass(frozen=True)
class Query:
    """A search. Values of one filter widen it, different filters narrow; `day` decides season and eligibility."""

    day: date
    text: str = ""
    categories: tuple[str, ...] = ()
    counties: tuple[str, ...] = ()
    townships: tuple[str, ...] = ()
    price_from: int | None = None  # fen per comparable unit, inclusive
    price_to: int | None = None
    unit: str = ""  # the comparable unit
    in_season: bool = False
    eligible: bool = False
    sort: str = "relevance"  # of SORTS; another one counts as relevance
    page: int = 1
    size: int = 24


@dataclass(frozen=True)
class Histogram:
    """Prices found, the price filter aside: `counts[i]` lie in [edges[i], edges[i+1]), the last with its end."""

    unit: str
    edges: tuple[int, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Results:
    """`counts`: filter → value → offers, were that filter's own choice left out (in_season, eligible: "yes", "no").

    When nothing was found: `suggestion` is a text that finds something, and `without` says how many each filter,
    left out alone, would give.
    """

    total: int
    ids: tuple[UUID, ...]
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    histogram: Histogram | None = None
    suggestion: str | None = None
    without: dict[str, int] = field(default_factory=dict)
