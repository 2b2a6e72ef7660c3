"""Truth values: what follows from the parts is put in their place while they are joined."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from psockmc.prove.terms.chains import Bound, bounds_said, keep_sharpest
from psockmc.prove.terms.facts import ranks
from psockmc.prove.terms.nodes import BY_NUMBER, FALSE, TRUE, Term, about_terms, intern, lane

_along: dict[tuple[Term, ...], Term] = about_terms({})
"""Conjunctions of the conditions on a way that were asked for."""


def negation(term: Term) -> Term:
    """Not term."""
    if term.negated is None:
        if term.kind == "not":
            opposite = term.args[0]
        elif term.kind == "lane":
            opposite = lane([not holds for holds in term.args])
        elif term.kind == "and":
            opposite = disjunction(negation(part) for part in term.args)
        elif term.kind == "or":
            opposite = conjunction(negation(part) for part in term.args)
        else:
            opposite = intern(("not", term.number), "not", (term,))[0]
        term.negated = opposite
        # What is never true may not have been known as such: it is the negation of TRUE, but TRUE's is FALSE.
        if opposite.negated is None:
            opposite.negated = term
    return term.negated


def conjunction(terms: Iterable[Term]) -> Term:
    """All of them."""
    flat: dict[Term, None] = {}
    for term in terms:
        if term is FALSE:
            return FALSE
        if term.kind == "and":
            flat.update(dict.fromkeys(term.args))
        elif term is not TRUE:
            flat[term] = None
    if not _merge_lanes(flat, all) or (ranks and len(flat) > 1 and not keep_sharpest(flat, bounds_said)):
        return FALSE
    for term in flat:
        if term.negated is not None and term.negated in flat:
            return FALSE
    return _gathered("and", flat, TRUE)


def disjunction(terms: Iterable[Term]) -> Term:
    """One of them at least; what all of them demand is demanded once."""
    flat: dict[Term, None] = {}
    for term in terms:
        if term is TRUE:
            return TRUE
        if term.kind == "or":
            flat.update(dict.fromkeys(term.args))
        elif term is not FALSE:
            flat[term] = None
    if not _merge_lanes(flat, any) or (ranks and len(flat) > 1 and not keep_sharpest(flat, _bounds_denied)):
        return TRUE
    for term in flat:
        if term.negated is not None and term.negated in flat:
            return TRUE
    if len(flat) > 1:
        factored = _factored(flat)
        if factored is not None:
            return factored
    return _gathered("or", flat, FALSE)


def _bounds_denied(term: Term) -> tuple[Bound, ...]:
    return bounds_said(negation(term))


def along(taken: tuple[Term, ...]) -> Term:
    """All of the conditions that led to a place: asked for again and again while a run is there."""
    if len(taken) < 2:
        return taken[0] if taken else TRUE
    found = _along.get(taken)
    if found is None:
        found = _along[taken] = conjunction(taken)
    return found


def _merge_lanes(flat: dict[Term, None], both: Callable[[Iterable[object]], bool]) -> bool:
    """Makes one condition on the lane of several; False when that decides the whole."""
    found = [term for term in flat if term.kind == "lane"]
    if len(found) < 2:
        return True
    for term in found:
        del flat[term]
    merged = lane([both(column) for column in zip(*(term.args for term in found), strict=True)])
    if merged.kind == "lane":
        flat[merged] = None
    return merged is not (FALSE if both is all else TRUE)


def _demands(term: Term) -> tuple[Term, ...]:
    return term.args if term.kind == "and" else (term,)


def _factored(flat: dict[Term, None]) -> Term | None:
    """What all alternatives demand, and one of the rests: `a and b or a and c` is `a and (b or c)`."""
    sets = [dict.fromkeys(_demands(term)) for term in flat]
    common = [t for t in sets[0] if all(t in s for s in sets[1:])]
    if not common:
        return None
    rests = [conjunction(t for t in s if t not in common) for s in sets]
    return conjunction((*common, disjunction(rests)))


def _gathered(kind: str, flat: dict[Term, None], empty: Term) -> Term:
    if not flat:
        return empty
    if len(flat) == 1:
        return next(iter(flat))
    args = tuple(sorted(flat, key=BY_NUMBER))
    return intern((kind, args), kind, args)[0]


def implies(cond: Term, then: Term) -> Term:
    """Where the condition holds, `then` holds."""
    parts = list(cond.args) if cond.kind == "and" else [cond]
    return disjunction((*map(negation, parts), then))


def choice(cond: Term, then: Term, other: Term) -> Term:
    """`ite` for truth values."""
    if cond is TRUE or then is other:
        return then
    if cond is FALSE:
        return other
    if then is TRUE:
        return disjunction((cond, other))
    if then is FALSE:
        return conjunction((negation(cond), other))
    if other is TRUE:
        return disjunction((negation(cond), then))
    if other is FALSE:
        return conjunction((cond, then))
    return disjunction((conjunction((cond, then)), conjunction((negation(cond), other))))
