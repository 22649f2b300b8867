"""Categories, channels and product templates (the facts of RULES.md, Demo facts). Prices are fen per base unit."""

from dataclasses import dataclass

CATEGORIES = (
    # code, name, English, tile, batch papers, parent
    ("fruit", "水果", "Fruit", "果", ["conformity"], None),
    ("yellow_peach", "黄桃", "Yellow peaches", "桃", ["conformity"], "fruit"),
    ("peach_gift", "黄桃礼盒", "Peach gift boxes", "桃", ["conformity"], "fruit"),
    ("nai_plum", "奈李", "Nai plums", "李", ["conformity"], "fruit"),
    ("vegetable", "蔬菜与调味", "Vegetables and seasoning", "菜", ["conformity"], None),
    ("garlic", "大蒜", "Garlic", "蒜", ["conformity"], "vegetable"),
    ("ginger", "生姜", "Ginger", "姜", ["conformity"], "vegetable"),
    ("pepper", "辣椒", "Peppers", "椒", ["conformity"], "vegetable"),
    ("bean", "豆类", "Beans", "豆", ["conformity"], "vegetable"),
    ("eggplant", "茄子", "Eggplants", "茄", ["conformity"], "vegetable"),
    ("leaf", "叶菜", "Leaf vegetables", "菜", ["conformity"], "vegetable"),
    ("root", "薯类", "Root vegetables", "薯", ["conformity"], "vegetable"),
    ("bamboo_shoot", "鲜笋", "Fresh bamboo shoots", "笋", ["conformity"], "vegetable"),
    ("livestock", "禽畜与蛋", "Meat, poultry and eggs", "禽", ["conformity"], None),
    ("goose", "白鹅", "White goose", "鹅", ["quarantine"], "livestock"),
    ("beef", "牛肉", "Beef", "牛", ["quarantine", "meat_inspection"], "livestock"),
    ("egg", "鸡蛋", "Hen eggs", "蛋", ["conformity"], "livestock"),
    ("goose_egg", "鹅蛋", "Goose eggs", "蛋", ["conformity"], "livestock"),
    ("grain_oil", "粮油", "Grain and oil", "粮", ["sc_licence", "test_report"], None),
    ("camellia_oil", "山茶油", "Camellia oil", "油", ["sc_licence", "test_report"], "grain_oil"),
    ("rice", "大米", "Rice", "米", ["sc_licence", "test_report"], "grain_oil"),
    ("tea", "茶叶", "Tea", "茶", ["sc_licence", "test_report"], None),
    ("black_tea", "红茶", "Black tea", "茶", ["sc_licence", "test_report"], "tea"),
    ("green_tea", "绿茶", "Green tea", "茗", ["sc_licence", "test_report"], "tea"),
    ("dried", "菌笋干货", "Dried goods", "干", ["sc_licence", "test_report"], None),
    ("dried_shoot", "笋干", "Dried bamboo shoots", "笋", ["sc_licence", "test_report"], "dried"),
    ("mushroom", "香菇", "Shiitake mushrooms", "菇", ["sc_licence", "test_report"], "dried"),
    ("baizhi", "白芷", "Angelica root", "芷", ["sc_licence", "test_report"], "dried"),
    ("processed", "加工食品", "Processed food", "罐", ["sc_licence", "test_report"], None),
    ("canned_peach", "黄桃罐头", "Canned peaches", "罐", ["sc_licence", "test_report"], "processed"),
    ("peach_snack", "黄桃果脯", "Candied peaches", "脯", ["sc_licence", "test_report"], "processed"),
)

CHANNELS = (
    ("online", "online", "帮扶平台"),
    ("pavilion", "pavilion", "株洲消费帮扶专馆"),
    ("zone", "zone", "株洲商超专区"),
    ("counter", "counter", "机关食堂专柜"),
)


@dataclass(frozen=True)
class Good:
    """A template. `units`: (order unit, base-unit thousandths in it); `season`: MMDD; `raw`: what households deliver,
    its unit, and how many thousandths of it make one base unit."""

    category: str
    name: str
    variants: tuple[str, ...]
    base_unit: str
    pricing: str
    units: tuple[tuple[str, int], ...]
    price_from: int
    price_to: int
    season: tuple[int, int]
    county: str
    raw: tuple[str, str, int]
    certificates: tuple[str, ...] = ()
    storage: str = ""
    shelf_life_days: int | None = None


YANLING, CHALING = "430225", "430224"
_KG = (("千克", 1000), ("箱", 5000), ("箱", 2500))

GOODS = (
    Good("yellow_peach", "炎陵黄桃", ("锦绣 大果 75–85 毫米", "锦绣 中果 65–75 毫米", "炎陵 2 号 大果", "脆桃 中果"), "千克", "counted", _KG, 800, 2000, (710, 831), YANLING, ("黄桃", "千克", 1000), ("地理标志",), "冷藏 4–8 ℃，采后 7 天内食用", 10),
    Good("peach_gift", "炎陵黄桃礼盒装", ("9 枚", "12 枚", "15 枚"), "千克", "counted", (("盒", 2500), ("盒", 5000)), 1400, 2400, (715, 825), YANLING, ("黄桃", "千克", 1000), ("地理标志",), "冷藏 4–8 ℃", 10),
    Good("canned_peach", "黄桃罐头", ("425 克", "820 克", "1.2 千克"), "千克", "counted", (("箱", 9840), ("箱", 5100)), 1200, 2200, (0, 0), YANLING, ("黄桃", "千克", 1300), (), "常温", 540),
    Good("peach_snack", "黄桃果脯", ("散装", "独立小包"), "千克", "counted", (("千克", 1000), ("箱", 5000)), 4200, 6800, (0, 0), YANLING, ("黄桃", "千克", 4000), (), "阴凉干燥", 270),
    Good("nai_plum", "炎陵奈李", ("一级", "特级"), "千克", "counted", _KG, 600, 1200, (715, 825), YANLING, ("奈李", "千克", 1000), (), "冷藏 2–6 ℃", 12),
    Good("garlic", "茶陵大蒜", ("干蒜头 5 厘米以上", "干蒜头 统货", "蒜米 去皮保鲜"), "千克", "counted", (("袋", 10000), ("千克", 1000)), 1000, 2400, (410, 1031), CHALING, ("大蒜", "千克", 1000), ("地理标志",), "通风干燥", 180),
    Good("garlic", "茶陵青蒜", ("精选", "统货"), "千克", "counted", (("捆", 5000), ("千克", 1000)), 500, 1000, (1201, 228), CHALING, ("青蒜", "千克", 1000), ("地理标志",), "冷藏", 5),
    Good("ginger", "茶陵生姜", ("老姜", "嫩姜", "姜片"), "千克", "counted", (("筐", 20000), ("千克", 1000)), 800, 1600, (1001, 1231), CHALING, ("生姜", "千克", 1000), ("地理标志",), "阴凉", 60),
    Good("pepper", "高山红椒", ("鲜", "精选"), "千克", "counted", (("筐", 15000), ("千克", 1000)), 440, 900, (701, 1031), YANLING, ("红椒", "千克", 1000), (), "冷藏 7–10 ℃", 10),
    Good("bean", "高山四季豆", ("鲜", "精选"), "千克", "counted", (("筐", 10000), ("千克", 1000)), 500, 900, (620, 1031), YANLING, ("四季豆", "千克", 1000), (), "冷藏", 7),
    Good("eggplant", "高山茄子", ("紫长", "圆茄"), "千克", "counted", (("筐", 10000), ("千克", 1000)), 380, 720, (615, 1015), YANLING, ("茄子", "千克", 1000), (), "冷藏", 7),
    Good("leaf", "娃娃菜", ("精选", "统货"), "千克", "counted", (("箱", 12000), ("千克", 1000)), 360, 700, (0, 0), CHALING, ("娃娃菜", "千克", 1000), (), "冷藏", 9),
    Good("root", "红薯 烟薯 25", ("中薯", "统货"), "千克", "counted", (("箱", 10000), ("千克", 1000)), 300, 620, (0, 0), CHALING, ("红薯", "千克", 1000), (), "阴凉", 60),
    Good("bamboo_shoot", "十都春笋", ("带壳", "去壳"), "千克", "counted", (("筐", 10000), ("千克", 1000)), 400, 1000, (215, 430), YANLING, ("春笋", "千克", 1000), (), "冷藏", 5),
    Good("goose", "酃县白鹅", ("白条 净膛 约 3.5 千克", "白条 净膛 约 3 千克", "白条 净膛 约 4 千克"), "千克", "weighed", (("只", 3500), ("只", 3000), ("只", 4000)), 4400, 6000, (1001, 131), YANLING, ("白鹅", "千克", 1250), ("地理标志",), "冷链 −18 ℃", 360),
    Good("beef", "罗霄山黄牛肉", ("牛腩", "牛腱", "牛霖"), "千克", "weighed", (("箱", 10000),), 8000, 11000, (0, 0), CHALING, ("活牛", "千克", 1900), (), "冷链 0–4 ℃", 7),
    Good("egg", "散养鸡蛋", ("30 枚装", "精选 30 枚装"), "枚", "counted", (("板", 30000), ("箱", 360000)), 100, 160, (0, 0), CHALING, ("鸡蛋", "枚", 1000), (), "阴凉", 30),
    Good("goose_egg", "鲜鹅蛋", ("12 枚装",), "枚", "counted", (("盒", 12000),), 280, 420, (0, 0), YANLING, ("鹅蛋", "枚", 1000), (), "阴凉", 30),
    Good("camellia_oil", "压榨山茶油", ("一级 5 升", "一级 1.6 升", "特级 5 升"), "升", "counted", (("桶", 5000), ("瓶", 1600)), 10000, 16000, (0, 0), CHALING, ("油茶籽", "千克", 4200), ("有机",), "避光", 540),
    Good("rice", "界首优质稻", ("香米 25 千克", "籼米 50 千克", "糙米 10 千克"), "千克", "counted", (("袋", 25000), ("袋", 50000), ("袋", 10000)), 480, 900, (0, 0), CHALING, ("稻谷", "千克", 1450), ("绿色食品",), "干燥", 365),
    Good("black_tea", "罗霄山红茶", ("一级 散装", "二级 散装", "礼盒"), "千克", "counted", (("千克", 1000), ("盒", 250)), 16000, 42000, (0, 0), YANLING, ("鲜叶", "千克", 4600), ("绿色食品",), "避光防潮", 720),
    Good("green_tea", "炎陵绿茶", ("明前", "雨前", "炒青大宗"), "千克", "counted", (("千克", 1000),), 16000, 60000, (0, 0), YANLING, ("鲜叶", "千克", 4600), (), "避光防潮", 540),
    Good("dried_shoot", "十都笋干", ("一级 特嫩", "二级"), "千克", "counted", (("千克", 1000), ("箱", 10000)), 8000, 14000, (0, 0), YANLING, ("鲜笋", "千克", 12000), (), "干燥", 365),
    Good("mushroom", "干香菇", ("中菇", "厚菇"), "千克", "counted", (("千克", 1000), ("箱", 5000)), 7200, 11000, (0, 0), YANLING, ("鲜香菇", "千克", 8000), (), "干燥", 365),
    Good("baizhi", "茶陵白芷", ("切片", "统个"), "千克", "counted", (("千克", 1000), ("袋", 10000)), 1400, 2600, (0, 0), CHALING, ("鲜白芷", "千克", 3200), (), "干燥", 540),
)  # fmt: skip

SUPPLIER_KINDS = (
    ("cooperative", "专业合作社", 34),
    ("enterprise", "农业开发有限公司", 12),
    ("family_farm", "家庭农场", 9),
    ("workshop", "就业帮扶车间", 5),
)
# Invented names of places and firms, none of a real one.
SUPPLIER_NAMES = (
    "桃源里 云岭 雾溪 青禾 禾丰园 石板冲 枫林坳 竹海 映山红 白露 百草坪 清泉湾 金穗 山里红 高岭 春笋坡 蓝田坳 月亮湾 "
    "向阳坡 老屋场 松涛 甘泉 翠谷 晨雾 石桥 梅岭下 兰溪坪 稻香 牛背脊 鹅公塘"
).split()
AGENCY_KINDS = (
    ("budget_unit", ("第一中学", "第二中学", "沿河中学", "城南小学", "实验小学", "职业中专"), "学校"),
    ("budget_unit", ("人民医院", "中医院", "妇幼保健院", "第二医院"), "医院"),
    ("budget_unit", ("机关食堂", "政务服务中心食堂", "公安食堂", "税务食堂", "社会福利院"), "机关"),
    ("union", ("教育工会", "卫生工会", "机关工会", "企业联合工会"), "工会"),
    ("state_firm", ("公交集团食堂", "水务集团食堂", "城投集团食堂"), "国企"),
)
DISTRICTS = (
    ("430202000000", "荷塘区"),
    ("430203000000", "芦淞区"),
    ("430204000000", "石峰区"),
    ("430211000000", "天元区"),
    ("430281000000", "醴陵市"),
    ("430223000000", "攸县"),
    ("430224000000", "茶陵县"),
    ("430225000000", "炎陵县"),
)
