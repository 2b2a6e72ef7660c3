"""The mutants: one changed rule each, and the test that notices."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A changed rule. name: what is wrong in it. file: `6.1.model`, `newest.model` or `primitives.def`.

    old, new: the rule before and after, spaces aside; entry: the primitive in whose line it is. killer: the test that tells.
    judged: the rule is one that the search has built in (it lists only coherent and atomic executions); the killer counts how
    many of all candidates the model allows instead. why: why no test can tell (see EQUIVALENT).
    """

    name: str
    file: str
    old: str
    new: str
    killer: str
    entry: str = ""
    judged: bool = False
    why: str = ""

    @property
    def model(self) -> str:
        """The model to run."""
        return "newest" if self.file == "newest.model" else "6.1"


def old(name: str, rule: str, mutated: str, killer: str, *, judged: bool = False, why: str = "") -> Mutant:
    """A mutant of the model of Linux 6.1."""
    return Mutant(name, "6.1.model", rule, mutated, killer, judged=judged, why=why)


def new(name: str, rule: str, mutated: str, killer: str) -> Mutant:
    """A mutant of the newest model."""
    return Mutant(name, "newest.model", rule, mutated, killer)


def primitive(entry: str, rule: str, mutated: str, killer: str) -> Mutant:
    """A mutant of the definition of a primitive."""
    return Mutant(f"{entry}: {rule} -> {mutated}", "primitives.def", rule, mutated, killer, entry=entry)


# One mutant, one line.
# fmt: off

LOCAL = (
    old("coherence without fr", "po & loc | rf | co | fr as", "po & loc | rf | co as", "tests/litmus/mutants/corr.litmus", judged=True),
    old("coherence without co", "po & loc | rf | co | fr as", "po & loc | rf | fr as", "tests/litmus/mutants/corr.litmus", judged=True),
    old("coherence without rf", "po & loc | rf | co | fr as", "po & loc | co | fr as", "tests/litmus/mutants/corr.litmus", judged=True),
    old("coherence without po", "acyclic po & loc | rf | co | fr as", "acyclic rf | co | fr as", "tests/litmus/mutants/corr.litmus", judged=True),
    old("atomicity against the own thread only", "empty rmw & (fre ; coe)", "empty rmw & (fri ; coi)", "tests/litmus/mutants/two-increments.litmus", judged=True),
)

FENCES = (
    old("smp_rmb() orders loads of atomics without value", "let R4rmb = R \\ Noreturn", "let R4rmb = R", "tests/litmus/directed/gl-noret-MP-wmb+add-rmb.litmus"),
    old("smp_rmb() orders stores behind it", "let rmb = [R4rmb] ; po ; [Rmb] ; po ; [R4rmb]", "let rmb = [R4rmb] ; po ; [Rmb] ; po ; [M]", "tests/litmus/directed/gl-LB-inc-rmb+acqrel.litmus"),
    old("smp_wmb() orders loads before it", "let wmb = [W] ; po ; [Wmb] ; po ; [W]", "let wmb = [M] ; po ; [Wmb] ; po ; [W]", "tests/litmus/directed/gl-LB-mb+wmb.litmus"),
    old("smp_mb() orders no later load", "[M] ; po ; [Mb] ; po ; [M]", "[M] ; po ; [Mb] ; po ; [W]", "tests/litmus/mutants/add-return-front.litmus"),
    old("before_atomic needs no atomic", "[Before-atomic] ; po ; [RMW] ; po? ; [M]", "[Before-atomic] ; po ; [M]", "tests/litmus/directed/gl-3SB-mb+ba-only+mb.litmus"),
    old("before_atomic orders nothing behind the atomic", "[Before-atomic] ; po ; [RMW] ; po? ; [M]", "[Before-atomic] ; po ; [RMW]", "tests/litmus/directed/gl-ISA2-ba-xr+mb+mb.litmus"),
    old("after_atomic needs no atomic", "[M] ; po? ; [RMW] ; po ; [After-atomic]", "[M] ; po ; [After-atomic]", "tests/litmus/directed/gl-LB-acqrel+aa-only.litmus"),
    old("after_atomic orders nothing before the atomic", "[M] ; po? ; [RMW] ; po ; [After-atomic]", "[RMW] ; po ; [After-atomic]", "tests/litmus/directed/gl-3SB-mb+cxno-aa+mb.litmus"),
    old("after_spinlock needs no lock", "[M] ; po? ; [LKW] ; po ; [After-spinlock]", "[M] ; po ; [After-spinlock]", "tests/litmus/directed/gl-ISA2-as+acqrel+acq.litmus"),
    old("after_spinlock orders nothing before the lock", "[M] ; po? ; [LKW] ; po ; [After-spinlock]", "[LKW] ; po ; [After-spinlock]", "tests/litmus/directed/gl-ISA2-mb+mb+lk-as.litmus"),
    old("after_unlock_lock for one CPU only", "(co | po) ; [LKW]", "po ; [LKW]", "tests/litmus/mutants/after-unlock-lock-handover.litmus"),
    old("after_unlock_lock for one lock only", "(co | po) ; [LKW]", "co ; [LKW]", "tests/litmus/directed/gl-22W-ul-lk2-aul+ba-xr.litmus"),
    old("an SRCU grace period is no fence", "let gp = po ; [Sync-rcu | Sync-srcu]", "let gp = po ; [Sync-rcu]", "tests/litmus/mutants/srcu-period-plain.litmus"),
    old("an acquire orders later loads only", "let acq-po = [Acquire] ; po ; [M]", "let acq-po = [Acquire] ; po ; [R]", "tests/litmus/mutants/after-unlock-lock-handover.litmus"),
    old("a release orders earlier stores only", "let po-rel = [M] ; po ; [Release]", "let po-rel = [W] ; po ; [Release]", "tests/litmus/mutants/after-unlock-lock-handover.litmus"),
    old("unlock and lock order on one CPU only", "[UL] ; (po | rf) ; [LKR]", "[UL] ; po ; [LKR]", "tests/litmus/mutants/unlock-lock-handover.litmus"),
    old("unlock and lock order between CPUs only", "[UL] ; (po | rf) ; [LKR]", "[UL] ; rf ; [LKR]", "tests/litmus/directed/gl-ISA2-rel+acqrel+ul-lk2.litmus"),
)

HAPPENS_BEFORE = (
    old("an address orders stores only", "let ppo = addr |", "let ppo = addr ; [W] |", "tests/litmus/mutants/fri.litmus"),
    old("no data dependency through a store", "(addr | data) ; [Marked] ; rfi", "addr ; [Marked] ; rfi", "tests/litmus/directed/gl-LB-ba-xr+rfi-depaddr.litmus"),
    old("no address dependency through a store", "(addr | data) ; [Marked] ; rfi", "data ; [Marked] ; rfi", "tests/litmus/mutants/addr-rfi.litmus"),
    old("no dependency through a store", "| (addr | data) ; [Marked] ; rfi", "", "tests/litmus/mutants/addr-rfi.litmus"),
    old("no control dependency", "(addr | data | ctrl) ; [W]", "(addr | data) ; [W]", "tests/litmus/mutants/wmb-plain-second.litmus"),
    old("no data dependency", "(addr | data | ctrl) ; [W]", "(addr | ctrl) ; [W]", "tests/litmus/mutants/addr-rfi.litmus"),
    old("a control dependency orders loads", "(addr | data | ctrl) ; [W]", "(addr | data | ctrl) ; [M]", "models/litmus/get-failure-orders-nothing.litmus"),
    old("two stores of a thread to one place are not in order", "| coi | fri", "| fri", "tests/litmus/mutants/coi.litmus"),
    old("a load and a later store of a thread are not in order", "| coi | fri", "| coi", "tests/litmus/mutants/fri.litmus"),
    old("smp_wmb() needs more than a plain access at an address", "| addr ; [Plain] ; wmb", "", "tests/litmus/mutants/addr-plain-wmb.litmus"),
    old("fences are not preserved", "| fence | po-unlock-lock-po & int", "| po-unlock-lock-po & int", "tests/litmus/mutants/after-unlock-lock-handover.litmus"),
    old("a release is not cumulative", "(rfe ; [Marked])? ; (strong-fence | po-rel) |", "(rfe ; [Marked])? ; strong-fence | po-rel |", "models/litmus/prot-table-second-socket-release.litmus"),
    old("smp_wmb() does not propagate", "| wmb | po-unlock-lock-po) ; [Marked]", "| po-unlock-lock-po) ; [Marked]", "tests/litmus/mutants/co-rf-race.litmus"),
    old("unlock and lock do not propagate", "| wmb | po-unlock-lock-po) ; [Marked]", "| wmb) ; [Marked]", "tests/litmus/mutants/unlock-lock-handover.litmus"),
    old("propagation does not begin with co", "[Marked] ; (coe | fre)? ; cumul-fence*", "[Marked] ; fre? ; cumul-fence*", "models/litmus/prot-choice-locked.litmus"),
    old("propagation does not begin with fr", "[Marked] ; (coe | fre)? ; cumul-fence*", "[Marked] ; coe? ; cumul-fence*", "tests/litmus/mutants/add-return-front.litmus"),
    old("propagation does not end with rf", "cumul-fence* ; [Marked] ; rfe? ; [Marked]", "cumul-fence* ; [Marked]", "tests/litmus/mutants/co-rf-race.litmus"),
    old("propagation goes over one fence only", "(coe | fre)? ; cumul-fence* ;", "(coe | fre)? ; cumul-fence? ;", "tests/litmus/directed/gl-ISA2-rel+acqrel+b-fadd0.litmus"),
    old("propagation is not in happens-before", "(prop \\ id) & int", "(prop & id) & int", "tests/litmus/mutants/add-return-front.litmus"),
    old("happens-before is irreflexive only", "acyclic hb as", "irreflexive hb as", "tests/litmus/mutants/after-unlock-lock-handover.litmus"),
    old("plain accesses are in happens-before", "let hb = [Marked] ; (ppo | rfe | (prop \\ id) & int) ; [Marked]", "let hb = ppo | rfe | (prop \\ id) & int", "tests/litmus/mutants/plain-ctrl.litmus"),
    old("no happens-before behind a strong fence", "let pb = prop ; strong-fence ; hb* ; [Marked]", "let pb = prop ; strong-fence ; [Marked]", "tests/litmus/directed/gl-ISA2-mb+acq+mb.litmus"),
    old("propagates-before is irreflexive only", "acyclic pb as", "irreflexive pb as", "tests/litmus/mutants/add-return-front.litmus"),
)

RCU = (
    old("no happens-before in links", "let rcu-link = po? ; hb* ; pb* ;", "let rcu-link = po? ; pb* ;", "tests/litmus/mutants/rcu-hb-both-links.litmus"),
    old("no propagates-before in links", "let rcu-link = po? ; hb* ; pb* ;", "let rcu-link = po? ; hb* ;", "tests/litmus/mutants/rcu-pb-both-links.litmus"),
    old("links begin at the fence", "let rcu-link = po? ; hb*", "let rcu-link = hb*", "tests/litmus/mutants/rcu-alternating.litmus"),
    old("a section before a grace period does not count", "| rcu-rscsi ; rcu-link ; rcu-gp", "", "tests/litmus/mutants/rcu-plain-fourth.litmus"),
    old("SRCU waits for all domains", "| (srcu-gp ; rcu-link ; srcu-rscsi) & loc", "| srcu-gp ; rcu-link ; srcu-rscsi", "tests/litmus/directed/gl-ISA2-srscs2+ssync+sync.litmus"),
    old("SRCU waits for all domains, the other way round", "| (srcu-rscsi ; rcu-link ; srcu-gp) & loc", "| srcu-rscsi ; rcu-link ; srcu-gp", "tests/litmus/directed/gl-ISA2-srscs2+ssync+sync.litmus"),
    old("a section alone is a chain", "let rec rcu-order = rcu-gp | srcu-gp |", "let rec rcu-order = rcu-gp | srcu-gp | rcu-rscsi |", "tests/litmus/mutants/rcu-alternating.litmus"),
    old("an RCU fence does not reach what is behind it", "let rb = prop ; rcu-fence ; hb* ; pb* ; [Marked]", "let rb = prop ; rcu-fence ; pb* ; [Marked]", "tests/litmus/mutants/rcu-hb-both-links.litmus"),
    old("no propagates-before behind an RCU fence", "let rb = prop ; rcu-fence ; hb* ; pb* ; [Marked]", "let rb = prop ; rcu-fence ; hb* ; [Marked]", "tests/litmus/mutants/rcu-pb-both-links.litmus"),
    old("no RCU axiom", "irreflexive rb as rcu", "irreflexive rb & pb as rcu", "tests/litmus/mutants/rcu-alternating.litmus"),
)

PLAIN = (
    old("RCU does not order plain accesses", "let any-fence = fence | rcu-fence", "let any-fence = fence", "tests/litmus/mutants/rcu-plain.litmus"),
    old("RCU is no strong fence for plain accesses", "let any-strong-fence = strong-fence | rcu-fence", "let any-strong-fence = strong-fence", "tests/litmus/mutants/rcu-plain-fourth.litmus"),
    old("visibility needs a strong fence", "(any-strong-fence ; [Marked] ; xbstar | xbstar & int)", "(any-strong-fence ; [Marked] ; xbstar)", "tests/litmus/mutants/addr-plain-store.litmus"),
    old("visibility needs no strong fence", "(any-strong-fence ; [Marked] ; xbstar | xbstar & int)", "xbstar", "tests/litmus/mutants/co-rf-race.litmus"),
    old("visibility does not end with rf", "let vis = cumul-fence* ; rfe? ;", "let vis = cumul-fence* ;", "tests/litmus/mutants/addr-plain-store.litmus"),
    old("an address does not bound a write", "let w-pre-bounded = [Marked] ; (addr | any-fence)?", "let w-pre-bounded = [Marked] ; any-fence?", "tests/litmus/mutants/addr-plain-store.litmus"),
    old("a fence does not bound a write before it", "let w-pre-bounded = [Marked] ; (addr | any-fence)?", "let w-pre-bounded = [Marked] ; addr?", "tests/litmus/mutants/plain-final.litmus"),
    old("an address does not bound a read", "let r-pre-bounded = [Marked] ; (addr | nonrw-fence |", "let r-pre-bounded = [Marked] ; (nonrw-fence |", "tests/litmus/mutants/addr-plain-store.litmus"),
    old("a fence does not bound a read before it", "let r-pre-bounded = [Marked] ; (addr | nonrw-fence |", "let r-pre-bounded = [Marked] ; (addr |", "tests/litmus/mutants/plain-final.litmus"),
    old("smp_rmb() does not bound a plain read behind it", "| [R4rmb] ; po ; [Rmb] ; po ; [~Noreturn])?", ")?", "models/litmus/put-last-sees-all.litmus"),
    old("a fence does not bound a write behind it", "let w-post-bounded = any-fence? ; [Marked]", "let w-post-bounded = [Marked]", "tests/litmus/mutants/addr-plain-store.litmus"),
    old("a fence does not bound a read behind it", "let r-post-bounded = (nonrw-fence |", "let r-post-bounded = (", "tests/litmus/mutants/addr-plain-store.litmus"),
    old("smp_rmb() does not bound a plain read before it", "(nonrw-fence | [~Noreturn] ; po ; [Rmb] ; po ; [R4rmb])?", "nonrw-fence?", "tests/litmus/mutants/rmb-plain-before.litmus"),
    old("initial writes race", "let pre-race = ext & (Plain * M | (M \\ IW) * Plain)", "let pre-race = ext & (Plain * M | M * Plain)", "tests/litmus/mutants/addr-plain-store.litmus"),
    old("a plain load may read from what is certainly later", "empty pre-race & rf & rw-xbstar^-1 |", "empty", "tests/litmus/mutants/rcu-plain.litmus"),
    old("a plain load may miss what is certainly earlier", "| pre-race & fr & wr-vis^-1", "", "tests/litmus/mutants/rcu-plain-fourth.litmus"),
    old("plain stores may be out of a certain order", "| pre-race & co & ww-vis^-1 as", "as", "tests/litmus/mutants/addr-plain-store.litmus"),
    old("a plain first write needs no bound", "let ww-nonrace = ww-vis & (Marked * W | rw-xbstar) &", "let ww-nonrace = ww-vis &", "tests/litmus/mutants/wmb-plain-first.litmus"),
    old("a plain second write needs no bound", "& (W * Marked | wr-vis) let", "let", "tests/litmus/mutants/wmb-plain-second.litmus"),
    old("only the last write races with a load", "(pre-race & (co? ; rf))", "(pre-race & rf)", "tests/litmus/mutants/co-rf-race.litmus"),
    old("a load that was certainly ordered races", "\\ wr-vis \\ rw-xbstar^-1", "\\ rw-xbstar^-1", "tests/litmus/mutants/rcu-plain-fourth.litmus"),
    old("writes do not race", "flag ww-race | wr-race | rw-race as", "flag wr-race | rw-race as", "tests/litmus/mutants/wmb-plain-first.litmus"),
    old("a write that is read does not race", "flag ww-race | wr-race | rw-race as", "flag ww-race | rw-race as", "tests/litmus/mutants/co-rf-race.litmus"),
    old("a write that is not read does not race", "flag ww-race | wr-race | rw-race as", "flag ww-race | wr-race as", "tests/litmus/mutants/fr-race.litmus"),
)

NEWEST = (
    new("release sequences of one atomic at most", "let rmw-sequence = (rf ; rmw)*", "let rmw-sequence = (rf ; rmw)?", "tests/litmus/mutants/rel-seq-two.litmus"),
    new("no release sequences in propagation", "po-unlock-lock-po) ; [Marked] ; rmw-sequence", "po-unlock-lock-po) ; [Marked]", "tests/litmus/mutants/rel-seq-two.litmus"),
    new("no release sequences for plain writes", "let w-post-bounded = any-fence? ; [Marked] ; rmw-sequence", "let w-post-bounded = any-fence? ; [Marked]", "models/litmus/put-three-owners-relaxed-middle.litmus"),
    new("dependencies are not carried", "let carry-dep = (data ; [~Srcu-unlock] ; rfi)*", "let carry-dep = (data ; [~Srcu-unlock] ; rfi)* & id", "tests/litmus/mutants/carried-twice.litmus"),
    new("dependencies are carried once at most", "let carry-dep = (data ; [~Srcu-unlock] ; rfi)*", "let carry-dep = (data ; [~Srcu-unlock] ; rfi)?", "tests/litmus/mutants/carried-twice.litmus"),
    new("SRCU sections by nesting", "let srcu-rscsi = srcu-cs^-1", "let srcu-rscsi = srcu-rscs^-1", "tests/litmus/mutants/srcu-cookie-handed-on.litmus"),
    new("cookies are not handed on in memory", "(data ; [~Srcu-unlock] ; rf)* ; data ; [Srcu-unlock]", "data ; [Srcu-unlock]", "tests/litmus/mutants/srcu-cookie-handed-on.litmus"),
    new("after_srcu_read_unlock orders nothing", "| [M] ; po? ; [Srcu-unlock] ; po ; [After-srcu-read-unlock] ; po ; [M]", "", "tests/litmus/mutants/after-srcu-read-unlock.litmus"),
    new("after_unlock_lock needs no unlock and lock", "| [M] ; po-unlock-lock-po ; [After-unlock-lock] ; po ; [M]", "| [M] ; po ; [After-unlock-lock] ; po ; [M]", "tests/litmus/mutants/after-unlock-lock-alone.litmus"),
    new("after_unlock_lock orders nothing", "| [M] ; po-unlock-lock-po ; [After-unlock-lock] ; po ; [M]", "", "tests/litmus/mutants/after-unlock-lock-handover.litmus"),
)

PRIMITIVES = (
    primitive("xchg", "fence mb; rmw", "rmw", "models/litmus/publish-program.litmus"),
    primitive("xchg", "v; fence mb", "v", "models/litmus/verdict-program-acquire.litmus"),
    primitive("xchg_acquire", "rmw acquire once", "rmw once once", "tests/litmus/directed/gl-Z6-mb+mb+a-xchg_acquire.litmus"),
    primitive("xchg_release", "rmw once release", "rmw once once", "tests/litmus/directed/gl-ISA2-rel+b-xchg_release+acq.litmus"),
    primitive("cmpxchg", "| failed once", "| fence mb; failed once; fence mb", "tests/litmus/directed/gl-22W-cxno+mb.litmus"),
    primitive("cmpxchg_acquire", "| failed once", "| failed acquire", "tests/litmus/directed/gl-ISA2-mb+a-cxno_acquire+mb.litmus"),
    primitive("cmpxchg", "when old == e", "when old != e", "tests/litmus/directed/gl-22W-cxno+mb.litmus"),
    primitive("atomic_add", "rmw noreturn once", "rmw once once", "tests/litmus/directed/gl-noret-MP-wmb+add-rmb.litmus"),
    primitive("atomic_add_return", "fence mb; rmw", "rmw", "tests/litmus/mutants/add-return-front.litmus"),
    primitive("atomic_add_return", "-> new", "-> old", "tests/litmus/mutants/add-return-value.litmus"),
    primitive("atomic_fetch_add_release", "rmw once release", "rmw once once", "tests/litmus/directed/gl-WRC--+acqrel+b-fadd0_release.litmus"),
    primitive("atomic_dec_and_test", "-> new == 0", "-> old == 0", "tests/litmus/mutants/add-return-value.litmus"),
    primitive("atomic_add_unless", "| failed once", "| fence mb; failed once; fence mb", "tests/litmus/directed/gl-3SB-addunless-no+mb+mb.litmus"),
    primitive("smp_load_acquire", "load acquire", "load once", "tests/litmus/mutants/co-rf-race.litmus"),
    primitive("smp_store_release", "store release v", "store once v", "tests/litmus/mutants/co-rf-race.litmus"),
    primitive("rcu_assign_pointer", "store release v", "store once v", "tests/litmus/mutants/addr-plain-store.litmus"),
    primitive("synchronize_rcu", "fence sync-rcu", "fence mb", "tests/litmus/mutants/rcu-alternating.litmus"),
    primitive("smp_wmb", "fence wmb", "fence mb", "tests/litmus/mutants/co-rf-race.litmus"),
    primitive("refcount_dec_and_test", "rmw once release", "rmw once once", "models/litmus/cork-to-drop.litmus"),
    primitive("refcount_dec_and_test", "; acquired new == 0", "", "models/litmus/cork-to-drop.litmus"),
    primitive("refcount_dec_and_test", "acquired new == 0", "acquired new == 1", "models/litmus/cork-to-drop.litmus"),
    primitive("refcount_inc_not_zero", "when old != 0; rmw once once old + 1 | failed once", "rmw once once old + 1", "models/litmus/get-orders-content.litmus"),
    primitive("refcount_inc_not_zero", "rmw once once", "rmw acquire once", "models/litmus/get-orders-nothing-else.litmus"),
    primitive("refcount_inc_not_zero", "failed once", "failed acquire", "models/litmus/get-failure-orders-nothing.litmus"),
    primitive("test_and_set_bit", "; fence mb", "", "tests/litmus/mutants/test-and-set-bit-back.litmus"),
    primitive("clear_bit", "rmw noreturn once old & (1 << n ^ -1)", "load plain; store plain old & (1 << n ^ -1)", "models/litmus/redirect-enqueue-without-test-broken.litmus"),
    primitive("lock_sock", "rmw acquire once", "rmw once once", "models/litmus/cork-close.litmus"),
    primitive("write_unlock_bh", "store release 0", "store once 0", "models/litmus/data-ready-start-locked.litmus"),
    primitive("mutex_unlock", "store release 0", "store once 0", "models/litmus/work-state.litmus"),
    primitive("read_lock_bh", "when old >= 0", "when old >= -1", "models/litmus/data-ready-start-locked.litmus"),
)

EQUIVALENT = (
    old("a grace period is no fence before itself", "[Sync-rcu | Sync-srcu] ; po?", "[Sync-rcu | Sync-srcu] ; po", "", why="everything that goes on from a grace period goes on by po from what is before it"),
    old("unlock and lock are not preserved", "| po-unlock-lock-po & int", "", "", why="cumul-fence has it too, and what of prop is within a thread is in happens-before"),
    old("a full fence is not cumulative", "(rfe ; [Marked])? ; (strong-fence | po-rel) |", "(rfe ; [Marked])? ; po-rel | strong-fence |", "", why="a strong fence begins a step of propagates-before wherever prop ends, also behind rf"),
    old("smp_wmb() is cumulative", "(strong-fence | po-rel) | wmb |", "(strong-fence | po-rel | wmb) |", "", why="what rf reaches is a load, and smp_wmb() begins at a store"),
    old("a grace period before a section does not count", "| rcu-gp ; rcu-link ; rcu-rscsi", "", "", why="the cycle can be begun at the section as well"),
    old("an SRCU grace period before a section does not count", "| (srcu-gp ; rcu-link ; srcu-rscsi) & loc", "", "", why="the cycle can be begun at the section as well"),
    old("an SRCU section before a grace period does not count", "| (srcu-rscsi ; rcu-link ; srcu-gp) & loc", "", "", why="the cycle can be begun at the grace period as well"),
    old("no chain inside a grace period and a section", "| rcu-gp ; rcu-link ; rcu-order ; rcu-link ; rcu-rscsi", "", "", why="the cycle can be begun at a section as well"),
    old("no chain inside a section and a grace period", "| rcu-rscsi ; rcu-link ; rcu-order ; rcu-link ; rcu-gp", "", "", why="the cycle can be begun at a grace period as well"),
    old("no chain inside an SRCU grace period and a section", "| (srcu-gp ; rcu-link ; rcu-order ; rcu-link ; srcu-rscsi) & loc", "", "", why="the cycle can be begun at a section as well"),
    old("no chain inside an SRCU section and a grace period", "| (srcu-rscsi ; rcu-link ; rcu-order ; rcu-link ; srcu-gp) & loc", "", "", why="the cycle can be begun at a grace period as well"),
    old("chains do not join", "| rcu-order ; rcu-link ; rcu-order", "", "", why="around a cycle every sequence of enough grace periods can be nested, and a grace period alone is a strong fence"),
    old("a load that certainly comes first races", "\\ wr-vis \\ rw-xbstar^-1", "\\ wr-vis", "", why="such a load reads from a store behind that one, and then the two stores race"),
)
"""Changes after which the model says the same; `why` says why no test can tell."""

# fmt: on

MUTANTS = (*LOCAL, *FENCES, *HAPPENS_BEFORE, *RCU, *PLAIN, *NEWEST, *PRIMITIVES)
