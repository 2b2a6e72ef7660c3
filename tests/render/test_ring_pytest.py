"""Counterexamples as pytests: the source is as a person would write it, runs, and is refused where it shows nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from psockmc.prove.plain_ring import Memory, Ring
from psockmc.render.ring import Panel, RingChange, RingPicture, SlotPicture, picture_of
from psockmc.render.ring_pytest import NotReplayable, Surroundings, pytest_source

CONTENT = "content: every byte that stays keeps its content and its position"
COPY = "copy: the copy bits of what is left do not change"


def change(ring: Ring, operation: str, claim: str, **arguments: int) -> RingChange:
    return RingChange(operation, arguments, (Panel("msg", picture_of(ring), None),), claim)


def popped() -> RingChange:
    ring = Ring(4, 3, [(1, 0, 2, False), (2, 8, 2, True)])
    return change(ring, "bpf_msg_pop_data", COPY, start=0, len=2)


def test_the_source_for_a_bug(golden):
    golden(pytest_source(popped(), ["copy-bitmap-out-of-sync"]), "ring.bug.py.txt")


def test_the_source_for_a_finding_in_the_newest_code(golden):
    ring = Ring(4, 0, [(page, 0, 2, False) for page in (1, 2, 3, 4)])
    found = change(ring, "bpf_msg_push_data", "R3: the size is the sum of the lengths of the elements", start=8, len=3)
    golden(pytest_source(found), "ring.finding.py.txt")


def test_the_source_with_two_rings_and_failing_memory(golden):
    memory = Memory()
    target = Ring(3, 1, [(9, 0, 1, False)], memory=memory)
    source = Ring(3, 0, [(1, 0, 4, False), (2, 0, 4, False), (1, 4, 4, False)], memory=memory, sk=target.sk)
    panels = (Panel("msg", picture_of(source), None), Panel("dst", picture_of(target), None))
    found = RingChange("sk_msg_clone", {"off": 0, "len": 12}, panels, CONTENT)
    golden(pytest_source(found, surroundings=Surroundings(fails={"wmem": 3}, frag=(7, 2, 32))), "ring.clone.py.txt")


def test_a_large_ring_has_a_line_for_each_element():
    ring = Ring(17, 14, [(page, 0, 3, True) for page in range(1, 10)])
    lines = pytest_source(
        change(ring, "bpf_msg_pop_data", COPY, start=0, len=4), ["copy-bitmap-out-of-sync"]
    ).splitlines()
    assert "            (9, 0, 3, True)," in lines
    assert max(map(len, lines)) <= 118


@pytest.mark.parametrize(
    ("operation", "arguments", "bug", "around"),
    [
        ("bpf_tcp_ingress", {"apply_bytes": 0}, "ingress-redirect-double-put-page", Surroundings(fails={"rmem": 1})),
        ("bpf_tcp_ingress", {"apply_bytes": 1}, "ingress-redirect-skips-partial-sge", Surroundings()),
        ("tls_push_record", {"tls13": 1}, "wrapped-ring-not-chained", Surroundings()),
        ("sk_msg_memcopy_from_iter", {"bytes": 4}, "memcopy-returns-last-chunk", Surroundings(data=b"four")),
        ("bpf_msg_push_data", {"start": 3, "len": 1}, "push-data-tail-offset", Surroundings()),
    ],
)
def test_each_kind_of_operation_is_replayed(operation, arguments, bug, around):
    ring = Ring(4, 4, [(1, 0, 2, False), (2, 0, 2, False)], curr=4, copybreak=0)
    source = pytest_source(change(ring, operation, CONTENT, **arguments), [bug], around)
    assert bug in source


def test_the_source_passes_under_pytest(tmp_path):
    (tmp_path / "test_replay.py").write_text(pytest_source(popped(), ["copy-bitmap-out-of-sync"]))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert "2 passed" in done.stdout, done.stdout


def test_the_cursor_that_does_not_follow_what_is_sent_is_replayed():
    ring = Ring(4, 0, [(1, 0, 4, False)])
    source = pytest_source(
        change(ring, "tcp_bpf_push", "R6: copybreak lies in the element at curr", apply=2, uncharge=0)
    )
    assert 'assert set(replay()) == {"R6"}' in source


def test_a_ring_with_more_bytes_than_fit_into_memory_is_refused():
    slots = (SlotPicture(), SlotPicture(1, 0, 2**31 - 1), SlotPicture(), SlotPicture(), SlotPicture())
    huge = RingPicture(3, 1, 2, 1, 0, 2**31 - 1, slots)
    with pytest.raises(NotReplayable, match="cannot hold this one: page 1 would have 2147483647 bytes"):
        pytest_source(RingChange("sk_msg_trim", {"len": 1}, (Panel("msg", huge, None),)))


def test_a_change_that_breaks_nothing_is_refused():
    ring = Ring(4, 3, [(1, 0, 2, False)])
    with pytest.raises(NotReplayable, match=r"sk_msg_trim\(len=1\) breaks nothing"):
        pytest_source(change(ring, "sk_msg_trim", "", len=1))


def test_a_claim_that_breaks_without_the_bug_is_refused():
    ring = Ring(4, 0, [(page, 0, 2, False) for page in (1, 2, 3, 4)])
    found = change(ring, "bpf_msg_push_data", "", start=8, len=3)
    with pytest.raises(NotReplayable, match=r"breaks R3, .* without the bug, too"):
        pytest_source(found, ["pop-data-several"])


@pytest.mark.parametrize(
    ("operation", "bug", "sentence"),
    [
        ("tcp_bpf_sendmsg", "pop-data-several", "has no promises for tcp_bpf_sendmsg"),
        ("sk_msg_trim", "two-psocks-one-sk", "does not know the bug two-psocks-one-sk"),
    ],
)
def test_what_the_plain_ring_lacks_is_refused(operation, bug, sentence):
    with pytest.raises(NotReplayable, match=sentence):
        pytest_source(change(Ring(4), operation, ""), [bug])
