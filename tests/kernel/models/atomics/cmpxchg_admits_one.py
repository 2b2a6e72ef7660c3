# holds
# states: 12, transitions: 16, depth: 4
"""Of two cmpxchg() from the same old value one succeeds."""

from psockmc.lang import Int, Struct, at_end, cmpxchg, instance, process, scenario, user


class box(Struct):
    state: Int[0, 1]
    winners: Int[0, 2]


shared = instance(box)


@user
def claim() -> None:
    if cmpxchg(shared.state, 0, 1) == 0:
        shared.winners += 1


@at_end("one_winner", "one of them wins")
def one_winner() -> bool:
    return shared.winners == 1


test = scenario("two claims", run=[process(claim), process(claim)], properties=[one_winner])
