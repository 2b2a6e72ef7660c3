from psockmc.lang import NULL, Enum, Ptr, Struct, process, scenario, u32, user


class verdict(Enum):
    SK_DROP = 0


class sock(Struct):
    n: u32
    v: verdict


@user
def f(sk: Ptr[sock]) -> None:
    a = lambda: 3
    b = f"{sk.n}"
    c = (1, 2)
    d = None
    e = 1.5
    g = sk is sk
    h = sk.n / 2
    i = sk.n**2
    j = +sk.n
    k = (x := 3)
    l = verdict.SK_DROP
    m = sock
    n = [1]
    sk.n **= 2
    p = one


one = scenario("f", run=[process(f, NULL)])
