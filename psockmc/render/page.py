"""HTML pages that need nothing else: style and script stand in them.

Whatever goes into a template is escaped by jinja2, and the page's own Content-Security-Policy lets nothing run but the
scripts whose hashes it names, and load nothing at all.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def page(name: str, /, style: str = "", **values: object) -> str:
    """The page of templates/NAME.html, with the styles base.css and NAME.css and the scripts base.js and NAME.js.

    style: rules of this page alone, made of nothing but numbers.
    """
    styles = _part("base.css") + _part(f"{name}.css") + style
    first, script = _part("base.js"), _part(f"{name}.js")
    own = {"style": Markup(styles), "first_script": Markup(first), "script": Markup(script)}
    allowed = {"styles_allowed": _hashes(styles), "scripts_allowed": _hashes(first, script)}
    return _environment().get_template(f"{name}.html").render(values, **own, **allowed)


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


def _hashes(*texts: str) -> Markup:
    """The sources by which a Content-Security-Policy allows these inline elements and no others."""
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts]
    return Markup(" ".join(f"'sha256-{digest}'" for digest in digests))
