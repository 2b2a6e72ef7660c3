"""A real browser, run through its command line, and pages with a driver: a script that presses keys and reports."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BINARY = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
LIGHT, DARK = "1", "0"  # as Blink numbers them


@dataclass(frozen=True)
class Visit:
    """What came of a page. messages: of the console; requests: the addresses that were asked for."""

    dom: str
    messages: list[str]
    requests: list[str]

    def report(self) -> Any:
        """What the driver reported."""
        found = re.search(r'<pre id="report">(.*?)</pre>', self.dom, re.DOTALL)
        assert found, "the driver did not come to its end"
        return json.loads(html.unescape(found[1]))


def visit(page: str, folder: Path, *, fragment: str = "", theme: str = LIGHT) -> Visit:
    """Open a page from a file and wait until it has settled."""
    log = folder / "net.json"
    done = run(page, folder, fragment, theme, "--dump-dom", f"--log-net-log={log}")
    network = json.loads(log.read_text())
    asked = [str(e.get("params", {}).get("url", "")) for e in network["events"]]
    return Visit(
        done.stdout,
        [line for line in done.stderr.splitlines() if "CONSOLE" in line],
        [url for url in asked if url.startswith(("http:", "https:", "ws:")) and not _own(url)],
    )


def run(page: str, folder: Path, fragment: str, theme: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the browser once over a page."""
    assert BINARY is not None
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    return subprocess.run(
        [
            BINARY,
            "--headless",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            f"--user-data-dir={folder / 'profile'}",
            f"--blink-settings=preferredColorScheme={theme}",
            "--window-size=1400,900",
            "--enable-logging=stderr",
            "--v=0",
            "--virtual-time-budget=5000",
            *options,
            f"{file.as_uri()}{fragment}",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )


def _own(url: str) -> bool:
    """What the browser asks for its own sake (its update service), whatever page is open."""
    return bool(re.match(r"https?://[a-z0-9.-]*\.(google|googleapis|gvt1)\.com/", url))


DRIVER = """{
const press = (key, target = document.body) =>
  target.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
const $ = (id) => document.getElementById(id);
const now = () => document.querySelector("tr.now")?.dataset.step ?? "";
const report = (() => {SCRIPT})();
const out = document.createElement("pre");
out.id = "report";
out.textContent = JSON.stringify(report);
document.body.append(out);
}"""


def driven(page: str, script: str) -> str:
    """The page with a driver, which may `press(key)`; what `script` returns is the report.

    The page's own policy stays in force; only the driver's hash is added to it.
    """
    driver = DRIVER.replace("SCRIPT", script)
    digest = base64.b64encode(hashlib.sha256(driver.encode()).digest()).decode()
    allowed = page.replace("script-src ", f"script-src 'sha256-{digest}' ", 1)
    return allowed.replace("</body>", f"<script>{driver}</script></body>")


def framed(page: str, script: str) -> str:
    """A page that shows another one in a frame in which no script runs, with a driver that looks into it."""
    driver = DRIVER.replace("SCRIPT", script)
    frame = f'<iframe sandbox="allow-same-origin" width="1400" height="900" srcdoc="{html.escape(page)}"></iframe>'
    return f"<!DOCTYPE html><body>{frame}<script>addEventListener('load', () => {driver})</script></body>"


# For a driver: the least contrast of any text that is shown, as 4.5 for 4.5:1, and where.
WORST_CONTRAST = """
const number = (c) => c.match(/[\\d.]+/g).map(Number);
const light = (c) => { const [r, g, b] = number(c).map((v) => { v /= 255; return v <= .03928 ? v / 12.92 :
  ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
const paper = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
  if (!(number(c).length === 4 && number(c)[3] === 0)) return c; } return "rgb(255, 255, 255)"; };
let worst = [99, ""];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const e = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !e.offsetParent) continue;
  const [a, b] = [light(getComputedStyle(e).color), light(paper(e))];
  const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  if (ratio < worst[0]) worst = [ratio, `${e.tagName}.${e.className}: ${walker.currentNode.data}`];
}
return worst;
"""
