"""HTML pages that need nothing else: style and script stand in them.

Whatever goes into a template is escaped by jinja2, and the page's own Content-Security-Policy lets nothing run but the
one script whose hash it names, and load nothing at all.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def page(name: str, /, **values: object) -> str:
    """The page of templates/NAME.html, with the styles base.css and NAME.css and the scripts base.js and NAME.js."""
    style, script = _part("base.css") + _part(f"{name}.css"), _part("base.js") + _part(f"{name}.js")
    own = {"style": Markup(style), "script": Markup(script)}
    hashes = {"style_hash": _sha256(style), "script_hash": _sha256(script)}
    return _environment().get_template(f"{name}.html").render(values, **own, **hashes)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("psockmc.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _part(name: str) -> str:
    """A style or script; nothing that a page shows is in it."""
    environment = _environment()
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


def _sha256(text: str) -> str:
    """The hash by which a Content-Security-Policy allows an inline element."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
