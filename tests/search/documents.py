"""Made-up documents of a market, some hundred or thousand, always the same."""

import random
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from marketplace.search.documents import Document

DAY = date(2026, 11, 21)
GOODS = [
    ("黄桃", "果品", "01", "千克", 1600, 720, 830),
    ("大蒜", "蔬菜", "02", "千克", 1400, 1201, 228),
    ("生姜", "蔬菜", "02", "千克", 1000, 1001, 1231),
    ("白芷", "药材", "03", "千克", 2000, 0, 0),
    ("白鹅", "畜禽", "04", "千克", 5200, 1001, 131),
    ("山茶油", "粮油", "05", "升", 13000, 0, 0),
    ("冬笋", "蔬菜", "02", "千克", 800, 1101, 215),
    ("红茶", "茶叶", "06", "千克", 40000, 301, 531),
    ("土鸡蛋", "畜禽", "04", "枚", 130, 0, 0),
    ("黄牛肉", "畜禽", "04", "千克", 9500, 0, 0),
]
PLACES = [
    ("430225000000", "炎陵县", "霞阳镇"),
    ("430224000000", "茶陵县", "虎踞镇"),
    ("511902000000", "巴州区", "大茅坪镇"),
]
PACKS = ["礼盒装", "散装", "整箱", "精选", "特级", "农家"]


def peach(number: int = 900_000, **changes: object) -> Document:
    facts: dict[str, object] = {
        "offer_id": UUID(int=number),
        "code": "OF-2026-000123",
        "name": "炎陵黄桃礼盒装",
        "supplier_name": "云上果蔬专业合作社",
        "categories": (("10", "农产品"), ("01", "果品")),
        "county": "430225000000",
        "county_name": "炎陵县",
        "township": "430225209000",
        "township_name": "中村瑶族乡",
        "summary": "高山种植 Yellow Peach，当季现摘",
        "comparable_price_fen": 1600,
        "comparable_unit": "千克",
        "order_unit": "箱",
        "season_from": 720,
        "season_to": 830,
        "eligible_from": date(2026, 1, 1).toordinal(),
        "eligible_to": date(2026, 12, 31).toordinal(),
        "available": 500_000,
        "certificates": ("绿色食品",),
        "listed_at": datetime(2026, 7, 1, tzinfo=UTC),
        "households": 12,
    }
    return Document(**{**facts, **changes})  # type: ignore[arg-type]


def market(count: int, seed: int = 1) -> list[Document]:
    chance = random.Random(seed)
    made = []
    for number in range(1, count + 1):
        good, kind, code, unit, price, start, end = chance.choice(GOODS)
        county, county_name, township = chance.choice(PLACES)
        begins = DAY + timedelta(days=chance.randint(-300, 60))
        made.append(
            Document(
                offer_id=UUID(int=number),
                code=f"OF-2026-{number:06d}",
                name=f"{county_name[:2]}{good}{chance.choice(PACKS)}",
                supplier_name=f"{county_name[:2]}{chance.choice('甲乙丙丁戊己')}号农民专业合作社",
                categories=(("10", "农产品"), (code, kind)),
                county=county,
                county_name=county_name,
                township=county[:6] + "100000",
                township_name=township,
                summary=f"{good}，{chance.choice(['高山种植', '农户自种', '当季现摘', '传统工艺'])}",
                comparable_price_fen=price * chance.randint(70, 140) // 100,
                comparable_unit=unit,
                order_unit="箱",
                season_from=start,
                season_to=end,
                eligible_from=chance.choice([0, begins.toordinal()]),
                eligible_to=chance.choice([0, (begins + timedelta(days=200)).toordinal()]),
                available=chance.choice([0, 1000, 20_000, 500_000]),
                listed_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randint(0, 400_000)),
            )
        )
    return made
