"""The operations that there are proofs about, for tests of each."""

from __future__ import annotations

from psockmc import content
from psockmc.prove import rings

OPERATIONS = tuple(rings.proofs(rings.load(content.find_root())))
"""Their names, in the order of the files; the same at every size of the ring, and for both engines."""
