from psockmc.lang import Struct, process, scenario, u32, user


class sock(Struct):
    n: u32


@user
def f() -> None:
    pass


a = scenario("an unknown struct", run=[process(f)], pools={sokc: 1})
b = scenario("a function", run=[process(f)], pools={f: 1})
c = scenario("too many", run=[process(f)], pools={sock: 1000})
d = scenario("twice", run=[process(f)], pools={sock: 1, sock: 2})
e = scenario("unknown again", run=[process(f)], may_fail=[socket])
