"""A headless browser for tests of pages: the document after its scripts ran, and what axe-core says of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MODULES = Path(os.environ.get("FUMO_NODE_MODULES") or Path(__file__).parent / "node" / "node_modules")
AXE = MODULES / "axe-core" / "axe.min.js"
_RUN = """
(async () => {
  for (let waited = 0; waited < 100 && !document.documentElement.dataset.ready && window.fumoWaits; waited += 1) {
    await new Promise((done) => setTimeout(done, 50));
  }
  for (const box of document.querySelectorAll("details:not(.event)")) box.open = true;
  await new Promise((done) => setTimeout(done, 200));
  const found = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] });
  const told = found.violations.map((each) => [each.id, each.nodes.map((node) => node.html.slice(0, 160)).slice(0, 5)]);
  const holder = document.createElement("pre");
  holder.id = "axe-found";
  holder.textContent = JSON.stringify({ violations: told, passes: found.passes.length });
  document.body.append(holder);
})();
"""


def dom(page: Path, address: str = "", *arguments: str, width: int = 1280) -> str:
    """The document of a page after its scripts ran."""
    profile = page.parent / "profile"
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--disable-background-networking", "--no-first-run", f"--user-data-dir={profile}", f"--window-size={width},1600",
        "--virtual-time-budget=15000", *arguments, "--dump-dom", f"{page.as_uri()}{address}",
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, check=True, timeout=120, text=True, encoding="utf-8").stdout


def accessibility(page: Path, address: str = "", dark: bool = False, width: int = 1280) -> dict[str, Any]:
    """What axe-core finds on a page: ``violations`` (rule and places) and how many rules ``passes``.

    A copy of the page is looked at that lets in axe's script, which the policy of the page keeps out.
    """
    text = page.read_text(encoding="utf-8")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    waits = "window.fumoWaits = true;" if 'id="data"' in text else ""
    script = f"<script>{AXE.read_text(encoding='utf-8')}</script><script>{waits}{_RUN}</script>"
    copy = page.with_name(f"axe-{page.name}")
    copy.write_text(text.replace("</body>", f"{script}</body>"), encoding="utf-8")
    found = dom(copy, address, *(["--blink-settings=preferredColorScheme=0"] if dark else []), width=width)
    match = re.search(r'<pre id="axe-found">(.*?)</pre>', found, re.DOTALL)
    assert match, "axe did not end"
    data: dict[str, Any] = json.loads(unescape(match[1]))
    return data
