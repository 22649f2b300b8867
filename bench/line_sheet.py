"""`python -m bench.line_sheet`: a spreadsheet of 2,000 order lines, read, checked and shown. Bound: 2 s together."""

import io
import json
import os
import tempfile
import time

ROWS = 2_000


def measure() -> dict[str, float]:
    from flask_migrate import upgrade

    from marketplace.core import sheets
    from marketplace.core.db import transaction
    from marketplace.identity import tokens
    from marketplace.procurement import services as procurement
    from tests.factories.world import World, list_offer
    from wsgi import app

    codes = [f"B-{number:05d}" for number in range(ROWS - 1)]  # the draft has a line of its own
    with app.app_context():
        upgrade()
        with transaction():
            world = World.build()
            for code in codes:
                list_offer(world.manager, world.product, code)
            draft = world.draft()
            token = tokens.create_token(world.requester, "bench")[1]
    client, headers = app.test_client(), {"Authorization": f"Bearer {token}"}
    url = f"/buyer/requisitions/{draft}/sheet"
    content = sheets.to_xlsx([["编码", "数量", "单位"], *[[code, 50, "千克"] for code in codes]])
    found: dict[str, float] = {}
    for turn in ("first", "second"):
        began = time.perf_counter()
        taken = client.post(url, headers=headers, data={"file": (io.BytesIO(content), "lines.xlsx")})
        read = time.perf_counter()
        shown = client.get(url, headers=headers)
        assert (taken.status_code, shown.status_code) == (303, 200)
        found |= {f"{turn}_taken_s": round(read - began, 2), f"{turn}_shown_s": round(time.perf_counter() - read, 2)}
    with app.app_context(), transaction(write=False):
        assert len(procurement.requisition_lines(draft)) == ROWS
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(BANGFU_DEMO="1", BANGFU_VAR=folder, DATABASE_URL="")
        print(json.dumps(measure()))
