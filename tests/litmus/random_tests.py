"""Random litmus tests for Hypothesis: small programs of everything the memory model speaks of.

A test has two or three threads over the globals x and y (integers), p (a pointer), l (a lock), s and t (for SRCU). What it
stores are small constants or what it has loaded, so that values stay few.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

INTEGERS = ("x", "y")
CYCLE_PLACES = ("x", "y", "z", "w")
ORDERS = ("", "_relaxed", "_acquire", "_release")
FENCES = (
    *("smp_mb", "smp_rmb", "smp_wmb", "barrier", "smp_mb__before_atomic", "smp_mb__after_atomic"),
    *("smp_mb__after_spinlock", "smp_mb__after_unlock_lock", "synchronize_rcu"),
)
PARAMETERS = "int *x, int *y, int **p, spinlock_t *l, struct srcu_struct *s, struct srcu_struct *t"


@dataclass(frozen=True)
class Shape:
    """What tests may contain, and how large they get."""

    threads: int = 3
    accesses: int = 7
    """Loads and stores of the whole test; a read-modify-write is two."""
    plain: bool = True
    atomics: bool = True
    locks: bool = True
    rcu: bool = True
    srcu: bool = True
    pointers: bool = True
    unlock_lock_fence: bool = True


@dataclass
class Writer:
    """Writes one thread: its statements so far, its registers, and how many accesses it may still make."""

    draw: Callable[..., object]
    shape: Shape
    budget: int
    lines: list[str] = field(default_factory=list)
    registers: list[str] = field(default_factory=list)
    pointers: list[str] = field(default_factory=list)
    indent: int = 1
    made: int = 0
    end: str = ""

    def pick(self, options: tuple[str, ...] | list[str]) -> str:
        chosen = self.draw(st.sampled_from(options))
        assert isinstance(chosen, str)
        return chosen

    def number(self, most: int) -> int:
        """A number from 0 to most."""
        chosen = self.draw(st.integers(0, most))
        assert isinstance(chosen, int)
        return chosen

    def chance(self) -> bool:
        return bool(self.draw(st.booleans()))

    def line(self, text: str) -> None:
        self.lines.append("\t" * self.indent + text)

    def fresh(self) -> str:
        """A new register. It can be used only where it has surely been assigned: 0 before that, which is a value too."""
        self.made += 1
        return f"r{self.made}"

    # Operands

    def value(self) -> str:
        """A value to store: a constant, or something computed from what was loaded."""
        if not self.registers or self.chance():
            return self.pick(("1", "2"))
        register = self.pick(self.registers)
        return self.pick((register, f"({register} & 0) + 1", f"({register} ^ {register}) + 2"))

    def place(self) -> str:
        """An integer's address: a name, one with a dependency, or a loaded pointer."""
        name = self.pick(INTEGERS)
        if self.pointers and self.chance():
            return self.pick(self.pointers)
        if self.registers and self.number(3) == 0:
            return f"({name} + ({self.pick(self.registers)} & 0))"
        return name

    # Statements

    def load(self) -> None:
        self.budget -= 1
        place, register = self.place(), self.fresh()
        kinds = [f"READ_ONCE(*{place})", f"smp_load_acquire({place})"]
        if self.shape.plain:
            kinds.append(f"*{place}")
        if self.shape.atomics:
            kinds.append(f"atomic_read({place})")
        self.line(f"{register} = {self.pick(kinds)};")
        self.registers.append(register)

    def store(self) -> None:
        self.budget -= 1
        place, value = self.place(), self.value()
        kinds = [
            f"WRITE_ONCE(*{place}, {value});",
            f"smp_store_release({place}, {value});",
            f"smp_store_mb(*{place}, {value});",
        ]
        if self.shape.plain:
            kinds.append(f"*{place} = {value};")
        self.line(self.pick(kinds))

    def load_pointer(self) -> None:
        self.budget -= 1
        register = self.fresh().replace("r", "q")
        self.line(f"{register} = {self.pick(('rcu_dereference(*p)', 'READ_ONCE(*p)'))};")
        self.pointers.append(register)

    def store_pointer(self) -> None:
        self.budget -= 1
        self.line(f"{self.pick(('rcu_assign_pointer', 'WRITE_ONCE'))}(*p, {self.pick(INTEGERS)});")

    def atomic(self) -> None:
        self.budget -= 2
        place, order = self.place(), self.pick(ORDERS)
        before, after = self.number(5) == 0, self.number(5) == 0
        if before:
            self.line("smp_mb__before_atomic();")
        old, new = self.pick(("0", "1")), self.pick(("1", "2"))
        results = [
            f"xchg{order}({place}, {self.value()})",
            f"cmpxchg{order}({place}, {old}, {new})",
            f"atomic_add_return{order}(1, {place})",
            f"atomic_fetch_or{order}(2, {place})",
            f"atomic_add_unless({place}, 1, {old})",
            f"atomic_dec_and_test({place})",
        ]
        if self.number(3) == 0:
            self.line(f"{self.pick(('atomic_add(1, ', 'atomic_or(2, '))}{place});")
        else:
            register = self.fresh()
            self.line(f"{register} = {self.pick(results)};")
            self.registers.append(register)
        if after:
            self.line("smp_mb__after_atomic();")

    def fence(self) -> None:
        names = [
            name
            for name in FENCES
            if (self.shape.rcu or name != "synchronize_rcu")
            and (self.shape.unlock_lock_fence or name != "smp_mb__after_unlock_lock")
        ]
        if self.shape.srcu and self.number(4) == 0:
            self.line(f"synchronize_srcu({self.pick(('s', 't'))});")
        else:
            self.line(f"{self.pick(names)}();")

    def section(self) -> None:
        """A critical section around one or two statements."""
        kinds = ["lock"] * self.shape.locks + ["rcu"] * self.shape.rcu + ["srcu"] * self.shape.srcu
        kind, which, cookie = self.pick(kinds), self.pick(("s", "t")), self.fresh().replace("r", "c")
        begins = {"lock": "spin_lock(l);", "rcu": "rcu_read_lock();", "srcu": f"{cookie} = srcu_read_lock({which});"}
        ends = {"lock": "spin_unlock(l);", "rcu": "rcu_read_unlock();", "srcu": f"srcu_read_unlock({which}, {cookie});"}
        self.line(begins[kind])
        if kind == "lock" and self.number(3) == 0:
            self.line("smp_mb__after_spinlock();")
        for _ in range(1 + self.chance()):
            self.access()
        self.line(ends[kind])

    def branch(self) -> None:
        """An `if` on something loaded, with an `else` now and then. Pointers loaded in it are not known behind it."""
        register, pointers = self.pick(self.registers), list(self.pointers)
        self.line(f"if ({self.pick((register, f'{register} == 1', f'{register} != 1'))}) {{")
        self.block(pointers)
        if self.number(3) == 0:
            self.line("} else {")
            self.block(pointers)
        self.line("}")

    def block(self, pointers: list[str]) -> None:
        """One access, indented; afterwards only the pointers known before are."""
        self.indent += 1
        self.access()
        self.indent -= 1
        self.pointers = list(pointers)

    # Cycles

    def cycle_access(self, place: str, *, store: bool) -> None:
        """A load or a store of this place, of any kind; a store may depend on what was loaded."""
        shape, value = self.shape, self.value()
        offset = ""
        if self.registers and self.number(4) == 0:
            offset = f" + ({self.registers[-1]} & 0)"
        at = f"({place}{offset})" if offset else place
        if store:
            kinds = [f"WRITE_ONCE(*{at}, {value});", f"smp_store_release({at}, {value});"]
            kinds += [f"*{at} = {value};"] * shape.plain
            kinds += [f"atomic_add(1, {at});", f"xchg_relaxed({at}, {value});"] * shape.atomics
            self.line(self.pick(kinds))
            return
        register = self.fresh()
        kinds = [f"READ_ONCE(*{at})", f"smp_load_acquire({at})", f"*{at}"][: 3 if shape.plain else 2]
        kinds += [
            f"xchg_acquire({at}, 2)",
            f"atomic_fetch_add_release(1, {at})",
            f"cmpxchg({at}, 1, 2)",
        ] * shape.atomics
        self.line(f"{register} = {self.pick(kinds)};")
        self.registers.append(register)

    def between(self) -> None:
        """What orders the two accesses of a thread, or does not."""
        choice = self.number(9)
        if choice <= 3:
            self.fence()
        elif choice == 4 and self.shape.locks:
            self.wrap("spin_lock(l);", "spin_unlock(l);")
        elif choice == 5 and self.shape.rcu:
            self.wrap("rcu_read_lock();", "rcu_read_unlock();")
        elif choice == 6 and self.shape.srcu:
            which = self.pick(("s", "t"))
            self.wrap(f"c = srcu_read_lock({which});", f"srcu_read_unlock({which}, c);")
        elif choice == 7 and self.shape.locks:
            self.lines += ["\tspin_lock(l);", "\tspin_unlock(l);"] * 2
        elif choice == 8 and self.registers:
            self.line(f"if ({self.registers[-1]}) {{")
            self.indent += 1
        elif choice == 9 and self.shape.atomics:
            self.budget += 2
            self.atomic()

    def wrap(self, begin: str, end: str) -> None:
        """Put a critical section around everything so far and what is to come."""
        self.lines.insert(0, f"\t{begin}")
        self.end = end

    def close(self) -> None:
        """End what `between` has begun."""
        if self.indent > 1:
            self.indent -= 1
            self.line("}")
        if self.end:
            self.line(self.end)

    def access(self) -> None:
        """One access of a kind that the shape allows, as long as there are some left."""
        if self.budget <= 0:
            return
        kinds = [self.load, self.store]
        if self.shape.atomics and self.budget >= 2:
            kinds.append(self.atomic)
        if self.shape.pointers:
            kinds += [self.load_pointer, self.store_pointer]
        kind = self.draw(st.sampled_from(kinds))
        assert callable(kind)
        kind()

    def statement(self) -> None:
        choice = self.number(9)
        if choice <= 2:
            self.fence()
        elif choice <= 4 and (self.shape.locks or self.shape.rcu or self.shape.srcu):
            self.section()
        elif choice <= 6 and self.registers:
            self.branch()
        else:
            self.access()


@st.composite
def litmus_tests(draw: st.DrawFn, shape: Shape = Shape()) -> str:
    """The text of a litmus test."""
    threads = draw(st.integers(2, shape.threads))
    bodies: list[Writer] = []
    left = shape.accesses
    for number in range(threads):
        most = max(1, left - (threads - 1 - number))
        writer = Writer(draw, shape, draw(st.integers(1, min(most, 4))))
        given = writer.budget
        for _ in range(draw(st.integers(1, 5))):
            writer.statement()
        left -= given - writer.budget
        bodies.append(writer)
    text = ["C random", "", "{ int *p=x; }"]
    for number, writer in enumerate(bodies):
        text += ["", f"P{number}({PARAMETERS})", "{", *writer.lines, "}"]
    return "\n".join([*text, "", draw(conditions(bodies)), ""])


@st.composite
def cycles(draw: st.DrawFn, shape: Shape = Shape()) -> str:
    """The text of a test around a cycle, as memory models are told apart by.

    Each thread makes two accesses with something between them; the second one of each thread and the first one of the next
    are to the same location, at least one of them a store. Nothing is asked of the registers: all outcomes count.
    """
    count = draw(st.integers(2, shape.threads))
    places = CYCLE_PLACES[:count]
    stores = [draw(st.sampled_from(((True, True), (True, False), (False, True)))) for _ in places]
    text, registers = ["C cycle", "", "{ int *p=x; }"], []
    for number in range(count):
        writer = Writer(draw, shape, 2)
        writer.cycle_access(places[number - 1], store=stores[number - 1][1])
        writer.between()
        writer.cycle_access(places[number], store=stores[number][0])
        writer.close()
        text += ["", f"P{number}(int *z, int *w, {PARAMETERS})", "{", *writer.lines, "}"]
        registers += [f"{number}:{register}=1" for register in writer.registers]
    chosen = draw(
        st.lists(
            st.sampled_from([*registers, *(f"{place}=1" for place in places)]), min_size=1, max_size=4, unique=True
        )
    )
    return "\n".join([*text, "", "exists (" + " /\\ ".join(chosen) + ")", ""])


@st.composite
def conditions(draw: st.DrawFn, bodies: list[Writer]) -> str:
    """A condition over some of the registers and globals."""
    atoms = [f"{name}={value}" for name in INTEGERS for value in (0, 1, 2)]
    for number, writer in enumerate(bodies):
        atoms += [f"{number}:{register}={value}" for register in writer.registers for value in (0, 1, 2)]
        atoms += [f"{number}:{register}={name}" for register in writer.pointers for name in INTEGERS]
    chosen = draw(st.lists(st.sampled_from(atoms), min_size=1, max_size=4, unique=True))
    condition = " /\\ ".join(chosen)
    if len(chosen) > 2 and draw(st.booleans()):
        condition = "(" + " /\\ ".join(chosen[1:]) + f") \\/ ~({chosen[0]})"
    return f"{draw(st.sampled_from(('exists', '~exists', 'forall')))} ({condition})"
