"""Terms: integers and truth values over unknowns, built once each and simplified while they are built.

Integers are mathematical; what C does to them when they leave their type is made explicit by who builds the term
(`psockmc.prove.machine`). Sums are kept as linear combinations, so that a walk along a ring that adds lengths and takes
them off again yields the number it started from, not a tower of sums. Every integer term knows an interval that
contains it; comparisons which the interval decides become constants at once.

**Lanes.** One number that has few possible values, such as the place at which a ring starts, need not be an
unknown. It is carried as the tuple of all its values, one for each lane, and arithmetic on it is done lane by lane.
Whatever comes out the same in every lane is a constant again: that slot 3 behind the start is not the end holds
wherever the ring starts, without a question to the solver. Only what really depends on the lane becomes a condition
on it.

**Chains.** Unknowns that are known to increase, each greater than the one before (the places at which the elements of a
message end), are ranked. Comparisons of one and the same number with several of them imply each other, and only the
sharpest are kept: that a byte lies behind the third end and behind the second is that it lies behind the third.
"""

from psockmc.prove.terms.choices import MANY_CASES, guarded, indicator, ite, leaves
from psockmc.prove.terms.comparisons import at_most, cases, equals, options
from psockmc.prove.terms.facts import cast, interval, learn
from psockmc.prove.terms.given import Given
from psockmc.prove.terms.nodes import (
    FALSE,
    LANE,
    TRUE,
    Term,
    below,
    boolean,
    const,
    forget,
    in_lanes,
    lane,
    lanes,
    operation,
    pairs_of,
    unknown,
    var,
)
from psockmc.prove.terms.sums import add, scale, subtract
from psockmc.prove.terms.truths import along, choice, conjunction, disjunction, implies, negation
from psockmc.prove.terms.values import Assignment, evaluate

__all__ = [
    "FALSE",
    "LANE",
    "MANY_CASES",
    "TRUE",
    "Assignment",
    "Given",
    "Term",
    "add",
    "along",
    "at_most",
    "below",
    "boolean",
    "cases",
    "cast",
    "choice",
    "conjunction",
    "const",
    "disjunction",
    "equals",
    "evaluate",
    "forget",
    "guarded",
    "implies",
    "in_lanes",
    "indicator",
    "interval",
    "ite",
    "lane",
    "lanes",
    "learn",
    "leaves",
    "negation",
    "operation",
    "options",
    "pairs_of",
    "scale",
    "subtract",
    "unknown",
    "var",
]
