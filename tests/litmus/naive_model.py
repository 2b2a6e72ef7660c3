"""The Linux-kernel memory model, said once more as plainly as possible: relations are Python sets of pairs.

Written from the model's description alone, to be compared with psockmc.litmus. Nothing here is clever: every relation is
computed in full for every execution, in the order in which tools/memory-model/Documentation/explanation.txt explains them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

Rel = frozenset[tuple[int, int]]
Events = frozenset[int]

NOTHING: Rel = frozenset()


def seq(first: Rel, *rest: Rel) -> Rel:
    """The composition `first ; rest[0] ; ...`."""
    result = first
    for relation in rest:
        after: dict[int, list[int]] = {}
        for b, c in relation:
            after.setdefault(b, []).append(c)
        result = frozenset((a, c) for a, b in result for c in after.get(b, ()))
    return result


def inverse(relation: Rel) -> Rel:
    """All pairs turned round."""
    return frozenset((b, a) for a, b in relation)


def on(events: Iterable[int]) -> Rel:
    """The identity on a set: `[S]`."""
    return frozenset((e, e) for e in events)


def plus(relation: Rel) -> Rel:
    """The transitive closure."""
    closure = relation
    while (more := closure | seq(closure, relation)) != closure:
        closure = more
    return closure


def has_cycle(relation: Rel) -> bool:
    """Does the relation lead from some event back to itself?"""
    return any(a == b for a, b in plus(relation))


@dataclass(frozen=True)
class Event:
    """One event: its thread (None: an initial write), what it is (`R`, `W` or `F`), its tag and its location.

    Tags: `plain once acquire release noreturn`, the names of fences, `LKR LKW UL LF RU`, `srcu-lock srcu-unlock sync-srcu`,
    `init`. `rmw` marks both halves of a read-modify-write and the read of one that failed.
    """

    thread: int | None
    kind: str
    tag: str
    location: str | None = None
    rmw: bool = False


@dataclass(frozen=True)
class Candidate:
    """A candidate execution: events (known by their index) and the relations that the search chose."""

    events: tuple[Event, ...]
    po: Rel
    addr: Rel
    data: Rel
    ctrl: Rel
    rmw: Rel
    rf: Rel
    co: Rel
    values: tuple[object, ...] = field(default=())

    def tagged(self, *tags: str) -> Events:
        """The events with one of these tags."""
        return frozenset(i for i, e in enumerate(self.events) if e.tag in tags)


class Judgement:
    """What a model says about one candidate. `newest` chooses between the model of Linux 6.1 and today's."""

    def __init__(self, candidate: Candidate, *, newest: bool) -> None:
        self.c = candidate
        self.newest = newest
        events = candidate.events
        self.all: Events = frozenset(range(len(events)))
        self.reads: Events = frozenset(i for i, e in enumerate(events) if e.kind == "R")
        self.writes: Events = frozenset(i for i, e in enumerate(events) if e.kind == "W")
        self.accesses = self.reads | self.writes
        self.initial = candidate.tagged("init")
        self.plain = candidate.tagged("plain")
        self.marked = self.all - self.plain
        self.rmws: Events = frozenset(i for i, e in enumerate(events) if e.rmw)
        self.noreturn = candidate.tagged("noreturn")
        self.po, self.rf, self.co = candidate.po, candidate.rf, candidate.co
        self.id = on(self.all)
        self.internal: Rel = frozenset(
            (i, j)
            for i, j in product(self.all, repeat=2)
            if events[i].thread is not None and events[i].thread == events[j].thread
        )
        everything: Rel = frozenset((i, j) for i in self.all for j in self.all)
        self.external: Rel = everything - self.internal - self.id
        self.loc: Rel = frozenset(
            (i, j)
            for i, j in product(self.all, repeat=2)
            if events[i].location is not None and events[i].location == events[j].location
        )

    def tag(self, *tags: str) -> Rel:
        """The identity on the events with one of these tags."""
        return on(self.c.tagged(*tags))

    def opt(self, relation: Rel) -> Rel:
        """`r?`"""
        return relation | self.id

    def star(self, relation: Rel) -> Rel:
        """`r*`"""
        return plus(relation) | self.id

    def around(self, *tags: str) -> Rel:
        """Pairs with a fence of this tag between them."""
        return seq(self.po, self.tag(*tags), self.po)

    # Dependencies

    @cached_property
    def carried(self) -> Rel:
        """Today's model: a dependency goes on through a store and the thread's own load of it, but not through SRCU."""
        if not self.newest:
            return self.id
        no_srcu = on(self.all - self.c.tagged("srcu-unlock"))
        return self.star(seq(self.c.data, no_srcu, self.rf & self.internal))

    @cached_property
    def addr(self) -> Rel:
        return seq(self.carried, self.c.addr)

    @cached_property
    def data(self) -> Rel:
        return seq(self.carried, self.c.data)

    @cached_property
    def ctrl(self) -> Rel:
        return seq(self.carried, self.c.ctrl)

    # Communication

    @cached_property
    def fr(self) -> Rel:
        return seq(inverse(self.rf), self.co) - self.id

    @cached_property
    def overwrite(self) -> Rel:
        return self.co | self.fr

    @cached_property
    def rfe(self) -> Rel:
        return self.rf & self.external

    @cached_property
    def rfi(self) -> Rel:
        return self.rf & self.internal

    # Fences

    @cached_property
    def unlock_lock(self) -> Rel:
        """An access before an unlock, and one after a lock that follows it here or took the lock over."""
        return seq(self.po, self.tag("UL"), self.po | self.rf, self.tag("LKR"), self.po)

    @cached_property
    def rmb_fence(self) -> Rel:
        return self.around("rmb")

    @cached_property
    def rmb(self) -> Rel:
        ordered = on(self.reads - self.noreturn)
        return seq(ordered, self.rmb_fence, ordered)

    @cached_property
    def wmb(self) -> Rel:
        return seq(on(self.writes), self.around("wmb"), on(self.writes))

    @cached_property
    def mb(self) -> Rel:
        m, rmw, po_opt = on(self.accesses), on(self.rmws), self.opt(self.po)
        relation = seq(m, self.around("mb"), m)
        relation |= seq(m, self.around("before-atomic"), rmw, po_opt, m)
        relation |= seq(m, po_opt, rmw, self.around("after-atomic"), m)
        relation |= seq(m, po_opt, self.tag("LKW"), self.around("after-spinlock"), m)
        if self.newest:
            relation |= seq(m, self.unlock_lock, self.tag("after-unlock-lock"), self.po, m)
            relation |= seq(m, po_opt, self.tag("srcu-unlock"), self.around("after-srcu-read-unlock"), m)
        else:
            handed = seq(self.tag("UL"), self.co | self.po, self.tag("LKW"))
            relation |= seq(m, self.po, handed, self.around("after-unlock-lock"), m)
        return relation

    @cached_property
    def gp(self) -> Rel:
        return seq(self.po, self.tag("sync-rcu", "sync-srcu"), self.opt(self.po))

    @cached_property
    def strong(self) -> Rel:
        return self.mb | self.gp

    @cached_property
    def acquire(self) -> Rel:
        return seq(self.tag("acquire", "LKR"), self.po, on(self.accesses))

    @cached_property
    def release(self) -> Rel:
        return seq(on(self.accesses), self.po, self.tag("release", "UL"))

    @cached_property
    def nonrw(self) -> Rel:
        return self.strong | self.release | self.acquire

    @cached_property
    def fence(self) -> Rel:
        return self.nonrw | self.wmb | self.rmb

    # Propagation and happens-before

    @cached_property
    def ppo(self) -> Rel:
        writes = on(self.writes)
        relation = seq(self.addr, on(self.reads)) if self.newest else self.addr
        relation |= seq(self.addr | self.data, on(self.marked), self.rfi)
        relation |= seq(self.addr | self.data | self.ctrl, writes)
        relation |= self.overwrite & self.internal
        relation |= seq(self.addr, on(self.plain), self.wmb)
        relation |= self.fence & self.internal if self.newest else self.fence
        return relation | (self.unlock_lock & self.internal)

    @cached_property
    def rmw_sequence(self) -> Rel:
        """Today's model: a release sequence goes on through read-modify-writes."""
        return self.star(seq(self.rf, self.c.rmw)) if self.newest else self.id

    @cached_property
    def cumul(self) -> Rel:
        marked = on(self.marked)
        cumulative = seq(self.opt(seq(self.rfe, marked)), self.strong | self.release)
        return seq(marked, cumulative | self.wmb | self.unlock_lock, marked, self.rmw_sequence)

    @cached_property
    def prop(self) -> Rel:
        marked = on(self.marked)
        start = self.opt(self.overwrite & self.external)
        return seq(marked, start, self.star(self.cumul), marked, self.opt(self.rfe), marked)

    @cached_property
    def hb(self) -> Rel:
        marked = on(self.marked)
        return seq(marked, self.ppo | self.rfe | ((self.prop - self.id) & self.internal), marked)

    @cached_property
    def pb(self) -> Rel:
        return seq(self.prop, self.strong, self.star(self.hb), on(self.marked))

    # RCU

    def nested(self, lock: str, unlock: str) -> Rel:
        """Each outermost lock with the unlock that closes it, thread by thread and location by location."""
        pairs: set[tuple[int, int]] = set()
        for thread, location in {(e.thread, e.location) for e in self.c.events if e.tag == lock}:
            mine = [i for i in self.c.tagged(lock, unlock) if self.c.events[i].thread == thread]
            here = [i for i in mine if self.c.events[i].location == location]
            opened: list[int] = []
            for i in sorted(here, key=lambda i: sum((j, i) in self.po for j in here)):
                if self.c.events[i].tag == lock:
                    opened.append(i)
                elif opened:
                    outermost = opened.pop()
                    if not opened:
                        pairs.add((outermost, i))
        return frozenset(pairs)

    @cached_property
    def rcu_sections(self) -> Rel:
        return self.nested("rcu-lock", "rcu-unlock")

    @cached_property
    def srcu_sections(self) -> Rel:
        """Lock with unlock: by nesting in 6.1, by the way of the cookie today."""
        if not self.newest:
            return self.nested("srcu-lock", "srcu-unlock")
        unlock = self.tag("srcu-unlock")
        cookie = self.star(seq(self.c.data, on(self.all - self.c.tagged("srcu-unlock")), self.rf))
        return seq(self.tag("srcu-lock"), cookie, self.c.data, unlock) & self.loc

    @cached_property
    def rcu_link(self) -> Rel:
        return seq(self.opt(self.po), self.star(self.hb), self.star(self.pb), self.prop, self.po)

    @cached_property
    def rcu_order(self) -> Rel:
        """Grace periods and read-side sections in chains that have at least as many of the first as of the second."""
        kinds = (
            (self.tag("sync-rcu"), inverse(self.rcu_sections), self.id | self.external | self.internal),
            (self.tag("sync-srcu"), inverse(self.srcu_sections), self.loc),
        )
        link = self.rcu_link
        order: Rel = kinds[0][0] | kinds[1][0]
        while True:
            more = order | seq(order, link, order)
            for period, section, where in kinds:
                for between in (link, seq(link, order, link)):
                    more |= (seq(period, between, section) | seq(section, between, period)) & where
            if more == order:
                return order
            order = more

    @cached_property
    def rcu_fence(self) -> Rel:
        return seq(self.po, self.rcu_order, self.opt(self.po))

    @cached_property
    def rb(self) -> Rel:
        return seq(self.prop, self.rcu_fence, self.star(self.hb), self.star(self.pb), on(self.marked))

    # The axioms

    def broken_axioms(self) -> Iterator[str]:
        """The axioms that forbid this execution, one after the other; none: it is allowed."""
        if has_cycle((self.po & self.loc) | self.rf | self.overwrite):
            yield "coherence"
        if self.c.rmw & seq(self.fr & self.external, self.co & self.external):
            yield "atomicity"
        if has_cycle(self.hb):
            yield "happens-before"
        if has_cycle(self.pb):
            yield "propagation"
        if any(a == b for a, b in self.rb):
            yield "rcu"
        plain = (self.rf & inverse(self.rw_xb)) | (self.fr & inverse(self.wr_vis)) | (self.co & inverse(self.ww_vis))
        if plain & self.pre_race:
            yield "plain-coherence"

    def allowed(self) -> bool:
        """Do all axioms hold?"""
        return next(self.broken_axioms(), None) is None

    # Plain accesses

    @cached_property
    def fence_all(self) -> Rel:
        return self.fence | self.rcu_fence

    @cached_property
    def strong_all(self) -> Rel:
        return self.strong | self.rcu_fence

    @cached_property
    def xb(self) -> Rel:
        return self.star(self.hb | self.pb | self.rb)

    @cached_property
    def vis(self) -> Rel:
        marked = on(self.marked)
        after = seq(self.strong_all, marked, self.xb) | (self.xb & self.internal)
        return seq(self.star(self.cumul), self.opt(self.rfe), marked, after)

    @cached_property
    def w_pre(self) -> Rel:
        return seq(on(self.marked), self.opt(self.addr | self.fence_all))

    @cached_property
    def r_pre(self) -> Rel:
        reads = seq(on(self.reads - self.noreturn), self.rmb_fence, on(self.all - self.noreturn))
        return seq(on(self.marked), self.opt(self.addr | self.nonrw | reads))

    @cached_property
    def w_post(self) -> Rel:
        return seq(self.opt(self.fence_all), on(self.marked), self.rmw_sequence)

    @cached_property
    def r_post(self) -> Rel:
        reads = seq(on(self.all - self.noreturn), self.rmb_fence, on(self.reads - self.noreturn))
        return seq(self.opt(self.nonrw | reads), on(self.marked))

    @cached_property
    def ww_vis(self) -> Rel:
        return self.fence_all | seq(self.strong_all, self.xb, self.w_pre) | seq(self.w_post, self.vis, self.w_pre)

    @cached_property
    def wr_vis(self) -> Rel:
        return self.fence_all | seq(self.strong_all, self.xb, self.r_pre) | seq(self.w_post, self.vis, self.r_pre)

    @cached_property
    def rw_xb(self) -> Rel:
        return self.fence_all | seq(self.r_post, self.xb, self.w_pre)

    @cached_property
    def pre_race(self) -> Rel:
        with_plain = product(self.plain, self.accesses)
        to_plain = product(self.accesses - self.initial, self.plain)
        return (frozenset(with_plain) | frozenset(to_plain)) & self.external

    def races(self) -> Rel:
        """The pairs of accesses that race."""
        first_safe = frozenset(product(self.marked, self.writes)) | self.rw_xb
        second_safe = frozenset(product(self.writes, self.marked)) | self.wr_vis
        ww = (self.pre_race & self.co) - (self.ww_vis & first_safe & second_safe)
        wr = (self.pre_race & seq(self.opt(self.co), self.rf)) - self.wr_vis - inverse(self.rw_xb)
        rw = (self.pre_race & self.fr) - self.rw_xb
        return ww | wr | rw

    def flags(self) -> frozenset[str]:
        """What is wrong with this execution beside its outcome: `data-race`, `invalid-sleep`."""
        flags = set()
        if self.races():
            flags.add("data-race")
        if self.rcu_sections & self.around("sync-srcu"):
            flags.add("invalid-sleep")
        return frozenset(flags)
