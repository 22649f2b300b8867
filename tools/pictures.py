"""Takes the README's pictures from a filled demo: `python -m tools.pictures FOLDER` writes docs/pictures/*.png.

FOLDER is a BANGFU_VAR that holds the demo's database (`make run` fills `var/`); it is copied, never changed. Needs
Debian's chromium with fonts-noto-cjk, and the tests' dependencies. Pictures are reduced to a palette of 256 colours.
"""

import argparse
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

from marketplace.cli.demo.sign_ins import PASSWORD

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "pictures"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage"
).split()
START = 60.0  # seconds that the first answer may take


class Shot(NamedTuple):
    """A picture: who sees it, how to come to it, and how much of the page it shows, px."""

    name: str
    who: str | None
    show: Callable[[Page, str], object]
    height: int
    width: int = 1280


def opens(path: str) -> Callable[[Page, str], object]:
    return lambda page, url: page.goto(url + path)


def follows(path: str, *links: str) -> Callable[[Page, str], object]:
    """Opens a list and then, one after the other, the first link in the page's body that each selector finds."""

    def show(page: Page, url: str) -> None:
        page.goto(url + path)
        for link in links:
            target = page.locator(f"main {link}").first.get_attribute("href")
            page.goto(url + (target or ""))

    return show


def finds(path: str, link: str, sign: str, most: int = 40) -> Callable[[Page, str], object]:
    """Opens a list and the first of its links whose page has the sign; the first of all where none has."""

    def show(page: Page, url: str) -> None:
        page.goto(url + path)
        found = page.locator(f"main {link}")
        targets = [found.nth(place).get_attribute("href") or "" for place in range(min(found.count(), most))]
        for target in [*targets, *targets[:1]]:
            page.goto(url + target)
            if page.locator(sign).count():
                return

    return show


ORDERS = "a[href*='/buyer/orders/']"
REJECTED = ".bf-lines rect[fill='url(#p-bad)']"
SHOTS = (
    Shot("public", None, opens("/"), 1000),
    Shot("buyer", "buyer", opens("/buyer/"), 1000),
    Shot("supplier", "supplier", opens("/supplier/"), 1000),
    Shot("office", "office", opens("/office/"), 1000),
    Shot("bulk-order", "buyer", follows("/buyer/requisitions?state=draft", "a[href*='/buyer/requisitions/']"), 1300),
    Shot("order", "buyer", finds("/buyer/orders?group=settled&sort=-total_fen", ORDERS, REJECTED), 1000),
    Shot("report", "office", opens("/office/volume"), 1100),
    Shot("statement-phone", "office", follows("/office/households", "a[href*='/office/households/0']"), 1400, 390),
)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The demo in `folder` behind gunicorn; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = os.environ | {"BANGFU_DEMO": "1", "BANGFU_VAR": str(folder), "BANGFU_BIND": f"127.0.0.1:{port}"}
    env.pop("DATABASE_URL", None)
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "wsgi:app"]
    server = subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url)
        yield url
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def wait_for(url: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + START
    while True:
        try:
            opener.open(url + "/healthz", timeout=5).close()
            return
        except urllib.error.URLError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)  # between two looks whether it answers


def take(browser: Browser, url: str, shot: Shot) -> int:
    """Writes one picture; returns its size in bytes."""
    phone = shot.width < 600
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height}, locale="zh-CN", is_mobile=phone, has_touch=phone
    )
    page = context.new_page()
    if shot.who:
        page.goto(url + "/account/sign-in")
        form = page.locator("form:has(#f-password)")
        form.locator("#f-name").fill(shot.who)
        form.locator("#f-password").fill(PASSWORD)
        with page.expect_navigation():
            form.locator("button").click()
    shot.show(page, url)
    high = min(
        shot.height, page.evaluate("Math.ceil(document.querySelector('.bf-foot').getBoundingClientRect().bottom)")
    )
    page.set_viewport_size({"width": shot.width, "height": high})
    picture = reduced(page, page.screenshot())
    (OUT / f"{shot.name}.png").write_bytes(picture)
    context.close()
    return len(picture)


# The 256 most frequent colours, and for every pixel the nearest of them; the browser decodes the picture.
INDEXED = """async (picture) => {
  const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${picture}`)).blob());
  const { width, height } = bitmap;
  const drawing = new OffscreenCanvas(width, height).getContext("2d");
  drawing.drawImage(bitmap, 0, 0);
  const { data } = drawing.getImageData(0, 0, width, height);
  const colours = new Uint32Array(width * height), counts = new Map();
  for (let place = 0; place < colours.length; place += 1) {
    const colour = (data[place * 4] << 16) | (data[place * 4 + 1] << 8) | data[place * 4 + 2];
    colours[place] = colour;
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const palette = [...counts.entries()].sort((one, other) => other[1] - one[1]).slice(0, 256).map(([colour]) => colour);
  const index = new Map(palette.map((colour, place) => [colour, place]));
  const far = (one, other) => [16, 8, 0].reduce((sum, bits) => sum + (((one >> bits) & 255) - ((other >> bits) & 255)) ** 2, 0);
  const nearest = (colour) => palette.reduce((best, other, place) => (far(colour, other) < far(colour, palette[best]) ? place : best), 0);
  let text = "";
  for (const colour of colours) {
    if (!index.has(colour)) index.set(colour, nearest(colour));
    text += String.fromCharCode(index.get(colour));
  }
  return { width, height, palette, indices: btoa(text) };
}"""


def reduced(page: Page, picture: bytes) -> bytes:
    """The same picture with a palette: half the bytes, and text stays sharp."""
    page.goto("about:blank")
    made = page.evaluate(INDEXED, b64encode(picture).decode())
    width, height, indices = made["width"], made["height"], b64decode(made["indices"])
    rows = b"".join(b"\0" + indices[row * width : (row + 1) * width] for row in range(height))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", b"".join(colour.to_bytes(3, "big") for colour in made["palette"])),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a BANGFU_VAR that holds the demo's database")
    parser.add_argument("--only", nargs="*", help="names of pictures; all unless told")
    asked = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as copy:
        shutil.copytree(asked.folder, copy, dirs_exist_ok=True)
        with served(Path(copy)) as url, sync_playwright() as playwright:
            # Its controls for dates speak Chinese only where chromium-l10n is installed.
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=FLAGS, env=os.environ | {"LANGUAGE": "zh_CN"}
            )
            for shot in SHOTS:
                if not asked.only or shot.name in asked.only:
                    print(f"{shot.name}.png  {take(browser, url, shot) // 1024} KB")
            browser.close()


if __name__ == "__main__":
    main()
