"""Build hook: a wheel carries models, scenarios and specifications, so that `psockmc check` runs from any folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CONTENT = ("models", "spec", "checks", "reports/findings")


class ContentHook(BuildHookInterface):
    """Copies the content folders that exist to `psockmc/content/` of the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before a build. An editable install reads the checkout instead."""
        if version == "editable":
            return
        for folder in CONTENT:
            source = Path(self.root, folder)
            if source.is_dir():
                build_data["force_include"][str(source)] = f"psockmc/content/{folder}"
