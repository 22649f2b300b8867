"""Names of heads of household are masked wherever the reader need not know them."""


def masked(name: str) -> str:
    """张三明 → 张＊明, 张三 → 张＊ (RULES.md: lists are posted with names masked)."""
    if len(name) <= 1:
        return "＊"
    return f"{name[0]}＊{name[-1]}" if len(name) > 2 else f"{name[0]}＊"
