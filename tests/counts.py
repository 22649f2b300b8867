"""How often a test tries: the full counts of a soak, about a twentieth of them otherwise."""

import os

SOAK = os.environ.get("BANGFU_SOAK") == "1"


def count(full: int) -> int:
    """`full` in a soak (BANGFU_SOAK=1), else a twentieth, at least one."""
    return full if SOAK else max(1, full // 20)
