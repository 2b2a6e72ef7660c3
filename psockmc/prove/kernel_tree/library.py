"""The ring operations of a kernel tree as a library: compile them, describe messages to them, run one, look again."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from psockmc.content import UsageError
from psockmc.explore.native.build import compiler
from psockmc.prove.kernel_tree.extract import Wanted, extracted
from psockmc.prove.plain_ring import Iter, Memory, Ring, Slot, Sock

HERE = Path(__file__).parent

WANTED_HEADER = Wanted(
    "include/linux/skmsg.h",
    macros=(
        *("MAX_MSG_FRAGS", "NR_MSG_FRAG_IDS"),
        *("sk_msg_iter_var_prev", "sk_msg_iter_var_next", "sk_msg_iter_prev", "sk_msg_iter_next"),
    ),
    structs=("sk_msg_sg", "sk_msg"),
    functions=(
        *("sk_msg_check_to_free", "sk_msg_apply_bytes", "sk_msg_iter_dist", "sk_msg_init", "sk_msg_xfer"),
        *("sk_msg_xfer_full", "sk_msg_full", "sk_msg_elem_used", "sk_msg_elem", "sk_msg_elem_cpy", "sk_msg_page"),
        *("sk_msg_compute_data_pointers", "sk_msg_page_add", "sk_msg_sg_copy", "sk_msg_sg_copy_assign"),
    ),
    optional=("sk_msg_sg_copy_assign",),
)
WANTED_SOURCES = (
    Wanted(
        "net/core/skmsg.c",
        functions=(
            *("sk_msg_try_coalesce_ok", "sk_msg_alloc", "sk_msg_clone", "sk_msg_return_zero", "sk_msg_return"),
            *("sk_msg_free_elem", "__sk_msg_free", "sk_msg_free_nocharge", "sk_msg_free", "__sk_msg_free_partial"),
            *("sk_msg_free_partial", "sk_msg_free_partial_nocharge", "sk_msg_trim", "sk_msg_zerocopy_from_iter"),
            *("sk_msg_memcopy_from_iter", "__sk_msg_recvmsg", "sk_msg_recvmsg"),
        ),
        optional=("__sk_msg_recvmsg",),
    ),
    Wanted(
        "net/core/filter.c",
        functions=(
            *("sk_msg_reset_curr", "bpf_msg_pull_data", "bpf_msg_push_data", "sk_msg_shift_left"),
            *("sk_msg_shift_right", "bpf_msg_pop_data"),
        ),
        optional=("sk_msg_reset_curr",),
    ),
    Wanted("net/ipv4/tcp_bpf.c", functions=("bpf_tcp_ingress", "tcp_bpf_push")),
    Wanted(
        "net/tls/tls_sw.c",
        functions=("tls_split_open_record", "tls_merge_open_record", "tls_push_record"),
    ),
)
CALLS = """
#define BPF_CALL_4(name, t1, a1, t2, a2, t3, a3, t4, a4) static long name(t1 a1, t2 a2, t3 a3, t4 a4)
"""


class Op(IntEnum):
    """The operations, in the order of `enum op` in harness.c."""

    TRIM, ALLOC, CLONE, RETURN, RETURN_ZERO, FREE, FREE_NOCHARGE, FREE_PARTIAL = range(8)
    FREE_PARTIAL_NOCHARGE, PAGE_ADD, SG_COPY, XFER, XFER_FULL, ZEROCOPY, MEMCOPY, RECVMSG = range(8, 16)
    PULL, PUSH, POP, INGRESS, TCP_PUSH, TLS_RECORD, TLS_SPLIT, TLS_MERGE = range(16, 24)


FUNCTIONS = {
    Op.TRIM: "sk_msg_trim",
    Op.ALLOC: "sk_msg_alloc",
    Op.CLONE: "sk_msg_clone",
    Op.RETURN: "sk_msg_return",
    Op.RETURN_ZERO: "sk_msg_return_zero",
    Op.FREE: "sk_msg_free",
    Op.FREE_NOCHARGE: "sk_msg_free_nocharge",
    Op.FREE_PARTIAL: "sk_msg_free_partial",
    Op.FREE_PARTIAL_NOCHARGE: "sk_msg_free_partial_nocharge",
    Op.PAGE_ADD: "sk_msg_page_add",
    Op.SG_COPY: "sk_msg_sg_copy",
    Op.XFER: "sk_msg_xfer",
    Op.XFER_FULL: "sk_msg_xfer_full",
    Op.ZEROCOPY: "sk_msg_zerocopy_from_iter",
    Op.MEMCOPY: "sk_msg_memcopy_from_iter",
    Op.RECVMSG: "sk_msg_recvmsg",
    Op.PULL: "bpf_msg_pull_data",
    Op.PUSH: "bpf_msg_push_data",
    Op.POP: "bpf_msg_pop_data",
    Op.INGRESS: "bpf_tcp_ingress",
    Op.TCP_PUSH: "tcp_bpf_push",
    Op.TLS_RECORD: "tls_push_record",
    Op.TLS_SPLIT: "tls_split_open_record",
    Op.TLS_MERGE: "tls_merge_open_record",
}
"""The kernel function of each operation."""


def build(tree: Path, frags: int, folder: Path) -> Kernel:
    """Compile the tree's operations for rings of `frags` fragments, in `folder`.

    Raises UsageError when the tree lacks a definition, there is no compiler (`$CC`, or cc), or it refuses the code.
    """
    source = folder / f"ring{frags}.c"
    parts = [
        _own("stubs.h"),
        CALLS,
        extracted(tree, (WANTED_HEADER,)),
        _own("transport.h"),
        extracted(tree, WANTED_SOURCES),
        _own("drivers.c"),
        _own("harness.c"),
    ]
    text = "\n".join(parts)
    source.write_text(text, encoding="utf-8")
    ingress = re.search(r"int bpf_tcp_ingress\([^)]*\bint flags\)", text)
    library = source.with_suffix(".so")
    options = ["-std=gnu11", "-O1", "-w", "-fno-strict-aliasing", "-shared", "-fPIC", "-Wl,-z,defs"]
    macros = [f"-DMAX_SKB_FRAGS={frags}", f"-DINGRESS_ARGUMENTS={', 0' if ingress else ''}"]
    _compile([*options, *macros, "-o", str(library), str(source)], tree)
    return Kernel(ctypes.CDLL(str(library)), frags)


def _compile(arguments: list[str], tree: Path) -> None:
    command = compiler()
    if command is None:
        raise UsageError("the ring functions of a kernel tree need a C compiler: install gcc, or set CC to another one")
    english = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, env=english, check=False)
    if done.returncode:
        said = re.search(r"(?<=error: ).*|undefined reference.*", done.stderr)
        why = said[0] if said else f"exit status {done.returncode}"
        raise UsageError(
            f"the ring functions of {tree} do not compile with psockmc's stubs ({why}): "
            "give the source of a kernel such as v6.1 or v6.12"
        )


def _own(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _slot_state() -> type[ctypes.Structure]:
    class SlotState(ctypes.Structure):
        _fields_ = [
            *((name, ctypes.c_uint32) for name in ("page", "offset", "length", "copy", "last")),
            ("link", ctypes.c_int32),
        ]

    return SlotState


SlotState = _slot_state()
NO_ELEMENT = 0xFFFE
FIELDS = ("start", "curr", "end", "size", "copybreak", "apply_bytes")


def _message_state(slots: int) -> type[ctypes.Structure]:
    class MessageState(ctypes.Structure):
        _fields_ = [
            *((name, ctypes.c_uint32) for name in (*FIELDS, "skb", "exposed")),
            ("exposed_at", ctypes.c_uint64),
            ("exposed_length", ctypes.c_uint32),
            ("slots", SlotState * slots),
        ]

    return MessageState


class Walked(ctypes.Structure):
    """An element as crypto sees it."""

    _fields_ = [(name, ctypes.c_uint32) for name in ("page", "offset", "length")]


@dataclass
class Outcome:
    """What an operation returned, and whether it ended in an oops (then nothing else is to be compared)."""

    result: int
    oopsed: bool


@dataclass
class Kernel:
    """The compiled operations of a tree, for rings of `frags` fragments."""

    code: ctypes.CDLL
    frags: int
    message_state: type[ctypes.Structure] = field(init=False)

    def __post_init__(self) -> None:
        slots = self.code.harness_slots()
        assert slots == self.frags + 2
        self.message_state = _message_state(slots)
        self.code.harness_run.restype = ctypes.c_int64
        self.code.harness_charged.restype = ctypes.c_int64
        self.code.harness_content.restype = ctypes.POINTER(ctypes.c_uint8)

    # Into the library

    def load(self, rings: list[Ring], memory: Memory, socks: list[Sock], numbers: list[int]) -> None:
        """Describe messages (with their numbers in the library), pages and sockets to the library."""
        self.code.harness_reset(memory.fail_at, memory.frag_size)
        for number, page in memory.pages.items():
            self.code.harness_page(number, len(page.content), page.refs, bytes(page.content))
        self.code.harness_page_frag(memory.frag_page, memory.frag_offset)
        for number, sk in enumerate(socks):
            self.code.harness_charge(number, ctypes.c_int64(sk.charged), sk.rmem_alloc)
        for number, ring in zip(numbers, rings, strict=True):
            self.code.harness_message(number, socks.index(ring.sk), ctypes.byref(self._state_of(ring)))

    def _state_of(self, ring: Ring) -> ctypes.Structure:
        state = self.message_state(**{name: getattr(ring, name) for name in FIELDS}, skb=ring.skb)
        for i, slot in enumerate(ring.data):
            state.slots[i] = SlotState(slot.page, slot.offset, slot.length, ring.copy[i], slot.last, -1)
        return state

    def user(self, source: Iter) -> None:
        """The user's memory that zero copy and memory copy read."""
        fault_at = len(source.data) if source.fault_at is None else source.fault_at
        self.source = bytes(source.data)
        first = source.pages[0] if source.pages else 0
        self.code.harness_user(self.source, len(self.source), fault_at, first, source.offset)

    def queue(self, count: int) -> None:
        """Put the first messages into the psock's queue."""
        for number in range(count):
            self.code.harness_queue(number)

    def wire(self, chunk: int, left: int) -> None:
        """What the wire takes: at a time, and in all."""
        self.code.harness_wire(chunk, left)

    # Run

    def run(self, op: Op, message: int = 0, a: int = 0, b: int = 0, c: int = 0) -> Outcome:
        """Run an operation; the arguments are those of the kernel's function, each as 32 bits."""
        oopsed = ctypes.c_uint32()
        arguments = [ctypes.c_uint32(value & 0xFFFFFFFF) for value in (op, message, a, b, c)]
        result = self.code.harness_run(*arguments, ctypes.byref(oopsed))
        return Outcome(result, bool(oopsed.value))

    # Out of the library

    def describe(self, message: int) -> ctypes.Structure:
        """A message as it is now."""
        state = self.message_state()
        self.code.harness_describe(message, ctypes.byref(state))
        return state

    def slots(self, message: int) -> list[tuple[Slot, bool]]:
        """The slots of a message, each with its copy bit."""
        return [
            (Slot(s.page, s.offset, s.length, bool(s.last), None if s.link == -1 else s.link), bool(s.copy))
            for s in self.describe(message).slots
        ]

    def charged(self, sk: int) -> tuple[int, int]:
        """Bytes charged to a socket, and its sk_rmem_alloc."""
        return self.code.harness_charged(sk), ctypes.c_int32(self.code.harness_rmem(sk)).value

    def references(self) -> dict[int, int]:
        """The references of all pages that there are."""
        numbers = [number for number in range(1, self.code.harness_pages() + 1) if self.content(number)]
        return {number: ctypes.c_int32(self.code.harness_refs(number)).value for number in numbers}

    def content(self, page: int) -> bytes:
        """The bytes of a page."""
        size = ctypes.c_uint32()
        start = self.code.harness_content(page, ctypes.byref(size))
        return ctypes.string_at(start, size.value)

    def received(self) -> bytes:
        """What the user got from recvmsg."""
        start = ctypes.POINTER(ctypes.c_uint8)()
        length = self.code.harness_user_done(ctypes.byref(start))
        return ctypes.string_at(start, length)

    def user_done(self) -> int:
        """How far the user's data was read."""
        start = ctypes.POINTER(ctypes.c_uint8)()
        return int(self.code.harness_user_done(ctypes.byref(start)))

    def sent(self) -> bytes:
        """What went over the wire."""
        start = ctypes.POINTER(ctypes.c_uint8)()
        length = self.code.harness_wire_sent(ctypes.byref(start))
        return ctypes.string_at(start, length)

    def walked(self) -> list[tuple[int, int, int]] | None:
        """The elements that crypto saw; None if it saw what is no element, or no end."""
        start = ctypes.POINTER(Walked)()
        length = self.code.harness_walked(ctypes.byref(start))
        seen = [(start[i].page, start[i].offset, start[i].length) for i in range(length)]
        return None if length == 3 * (self.frags + 2) or (seen and seen[-1][0] == NO_ELEMENT) else seen

    def frag(self) -> tuple[int, int]:
        """The page and offset that the next sk_msg_alloc() takes from."""
        offset = ctypes.c_uint32()
        return int(self.code.harness_frag(ctypes.byref(offset))), offset.value

    def queued(self) -> int:
        """How many messages are in the psock's queue."""
        return int(self.code.harness_queued())

    def warnings(self) -> int:
        """How many WARN_ONs."""
        return int(self.code.harness_warnings())
