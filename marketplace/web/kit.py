"""What every page knows: formats as filters, the language, the menu, the parts' geometry.

Formats follow LOOK.md: ¥1,234.50 with U+2212 before ¥; 497.600 千克 with a no-break space; 8月18日 09:40, the year only
when it is not this one.
"""

from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, g, get_flashed_messages, has_request_context, redirect, request
from flask_babel import Babel, get_domain, get_locale, lazy_pgettext
from flask_babel.speaklater import LazyString
from flask_bootstrap import Bootstrap5
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from werkzeug.wrappers import Response

from ..core import clock
from ..core.db import new_id
from ..core.errors import NotFound
from ..core.money import format_yuan, half_up
from ..core.quantity import format_quantity
from ..edge import current
from ..regions import services as regions
from . import charts, messages_count, navigation, states, tables

NONE = "—"
SPACE = "\u00a0"
LANGUAGES = {"zh": "中文", "en": "English"}
COOKIE = "lang"
# The usual units of goods; a supplier's own word stands as it is.
UNITS: dict[str, LazyString] = {
    "千克": lazy_pgettext("unit", "千克"),
    "公斤": lazy_pgettext("unit", "公斤"),
    "克": lazy_pgettext("unit", "克"),
    "斤": lazy_pgettext("unit", "斤"),
    "吨": lazy_pgettext("unit", "吨"),
    "升": lazy_pgettext("unit", "升"),
    "毫升": lazy_pgettext("unit", "毫升"),
    "枚": lazy_pgettext("unit", "枚"),
    "只": lazy_pgettext("unit", "只"),
    "个": lazy_pgettext("unit", "个"),
    "件": lazy_pgettext("unit", "件"),
    "工日": lazy_pgettext("unit", "工日"),
    "亩": lazy_pgettext("unit", "亩"),
    "股": lazy_pgettext("unit", "股"),
    "箱": lazy_pgettext("unit", "箱"),
    "盒": lazy_pgettext("unit", "盒"),
    "袋": lazy_pgettext("unit", "袋"),
    "包": lazy_pgettext("unit", "包"),
    "筐": lazy_pgettext("unit", "筐"),
    "捆": lazy_pgettext("unit", "捆"),
    "瓶": lazy_pgettext("unit", "瓶"),
    "罐": lazy_pgettext("unit", "罐"),
    "板": lazy_pgettext("unit", "板"),
    "桶": lazy_pgettext("unit", "桶"),
}
babel = Babel()
bootstrap = Bootstrap5()


def money(fen: int | None, sign: str = "¥") -> str:
    """123450 → ¥1,234.50; None → —."""
    return NONE if fen is None else format_yuan(fen, sign)


def amount(fen: int | None) -> str:
    """Money in a table, whose head names the unit: 1,234.50."""
    return money(fen, "")


def quantity(thousandths: int | None, unit: str | None = None) -> str:
    """497600 → 497.600, with `unit` behind a no-break space."""
    if thousandths is None:
        return NONE
    return format_quantity(thousandths) + (f"{SPACE}{unit_word(unit)}" if unit else "")


def unit_word(unit: str) -> str:
    """千克 → kg in English; a unit that is nobody's usual one as it is."""
    return str(UNITS.get(unit, unit))


def percent(basis_points: int | None, decimals: int = 1) -> str:
    """5590 → 55.9 %."""
    if basis_points is None:
        return NONE
    sign = "−" if basis_points < 0 else ""
    return f"{sign}{half_up(abs(basis_points), 10 ** (2 - decimals)) / 10**decimals:.{decimals}f}{SPACE}%"


def count(number: int | None) -> str:
    """14941 → 14,941."""
    return NONE if number is None else f"{number:,}".replace("-", "−")


def wan(fen: int | None) -> str:
    """Fen as 万元 without decimals, for charts."""
    return NONE if fen is None else count(half_up(fen, 1_000_000))


def day(value: date | datetime | None, year: bool = False) -> str:
    """8月18日, 18 Aug; with the year when it is not this one or is asked for."""
    if value is None:
        return NONE
    if isinstance(value, datetime):
        value = clock.local(value).date()
    with_year = year or value.year != clock.today().year
    if is_english():
        return f"{value.day}{SPACE}{value:%b}" + (f"{SPACE}{value.year}" if with_year else "")
    return (f"{value.year}年" if with_year else "") + f"{value.month}月{value.day}日"


def season_day(month_day: int) -> str:
    """720 → 7月20日, 20 Jul: a day of every year."""
    number, day_ = divmod(month_day, 100)
    return f"{day_}{SPACE}{date(2000, number, 1):%b}" if is_english() else f"{number}月{day_}日"


def moment(value: datetime | None, year: bool = False) -> str:
    """8月18日 09:40 in China's time."""
    return NONE if value is None else f"{day(value, year)}{SPACE}{clock.local(value):%H:%M}"


def month(period: int | None) -> str:
    """202611 → 2026年11月, Nov 2026."""
    if period is None:
        return NONE
    year, number = divmod(period, 100)
    return f"{date(year, number, 1):%b}{SPACE}{year}" if is_english() else f"{year}年{number}月"


def is_english() -> bool:
    return has_request_context() and str(get_locale() or "zh").startswith("en")


def choose_language() -> str:
    """Cookie, else the browser's wish, else Chinese."""
    if not has_request_context():
        return "zh_Hans_CN"
    asked = request.cookies.get(COOKIE) or request.accept_languages.best_match(list(LANGUAGES), default="zh")
    return "en" if asked == "en" else "zh_Hans_CN"


def switch_language() -> Response | None:
    """`?lang=en` on any page: a cookie, and the same page without it. Nothing is written to the database."""
    asked = request.args.get("lang")
    if (
        asked not in LANGUAGES
        or request.method != "GET"
        or request.endpoint is None
        or request.path.startswith("/api/")
    ):
        return None
    response = redirect(tables.here())
    response.set_cookie(COOKIE, asked, max_age=365 * 86400, samesite="Lax", httponly=True, secure=request.is_secure)
    return response


_marked: dict[tuple[str, str], str | Markup] = {}  # (locale, text) → its translation; texts are the templates' own


@pass_context
def translated(context: Context, text: str, **facts: Any) -> str | Markup:
    """`_` of the templates: a page says a hundred words, and asking the language's catalogue for each costs its half."""
    if not context.eval_ctx.autoescape or not has_request_context():
        return get_domain().gettext(text) % facts
    locale = g.get("translated_in") or g.setdefault("translated_in", str(get_locale()))
    found = _marked.get((locale, text))
    if found is None:
        found = _marked[locale, text] = Markup(get_domain().get_translations().ugettext(text))
    return found % facts if facts or "%" in found else found


def safe_next(target: str | None) -> str | None:
    """A path within this site, or None: a sign-in never sends people elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or not target.isprintable():
        return None
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else None


def region_name() -> str:
    """The region beside the brand (株洲), as the settings name it; none on an error page or before a load."""
    if g.get("failed"):
        return ""
    try:
        return regions.division(current_app.config["SETTINGS"].region).name.removesuffix("市")
    except NotFound:
        return ""


def new_key() -> str:
    return new_id().hex


def page_context() -> dict[str, Any]:
    actor = current.known()
    english = is_english()
    return {
        "actor": actor,
        "audience": navigation.audience(actor),
        "role_words": [str(navigation.ROLE_WORDS.get(role, role)) for role in sorted(actor.roles)],
        "english": english,
        "html_lang": "en" if english else "zh-CN",
        "other_language": ("zh", LANGUAGES["zh"]) if english else ("en", LANGUAGES["en"]),
    }


def _globals(app: Flask) -> dict[str, Any]:
    return {
        "demo": app.config["SETTINGS"].demo,
        "badge": states.badge,
        "menu": navigation.menu,
        "foot_links": navigation.foot,
        "home_of": navigation.home_of,
        "unread": messages_count.unread,
        "endpoint_exists": navigation.exists,
        "here": tables.here,
        "segments": charts.segments,
        "percentage": charts.percentage,
        "chart_columns": charts.columns,
        "chart_rows": charts.rows_chart,
        "pay_clock": charts.clock,
        "new_key": new_key,
        "now": clock.now,
        "today": clock.today,
        "region_name": region_name,
        "request_id": lambda: g.get("request_id", ""),
        "flashes": lambda: get_flashed_messages(with_categories=True),
        "sep": Markup('<span class="bf-sep"></span>'),
    }


FILTERS = {
    "money": money,
    "amount": amount,
    "quantity": quantity,
    "unit": unit_word,
    "percent": percent,
    "count_": count,
    "wan": wan,
    "day": day,
    "season_day": season_day,
    "moment": moment,
    "month": month,
}


def init_app(app: Flask) -> None:
    app.config.update(
        BABEL_DEFAULT_LOCALE="zh_Hans_CN",
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
        BOOTSTRAP_SERVE_LOCAL=True,
    )
    babel.init_app(app, locale_selector=choose_language)
    bootstrap.init_app(app)
    app.jinja_env.globals["_"] = translated
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals.update(_globals(app))
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.context_processor(page_context)
    app.before_request(switch_language)
