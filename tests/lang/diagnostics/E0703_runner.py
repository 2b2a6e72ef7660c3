from psockmc.lang import Ptr, Struct, instance, invariant, process, scenario, softirq, u32, user


class sock(Struct):
    n: u32


sock0 = instance(sock)


@user
def f(sk: Ptr[sock], n: u32) -> None:
    pass


@invariant("I01", "never run")
def prop() -> bool:
    return True


a = scenario("a function is no context", run=[f])
b = scenario("a CPU that is too high", run=[process(f, sock0, 1, cpu=100)])
c = scenario("arguments are constants", run=[process(f, sock0, f(sock0, 1)), softirq(f, sock0, sock0)])
d = scenario("an unknown option", run=[process(f, sock0, 1, cpus=1)])
e = scenario("one name twice", run=[process(f, sock0, 1, name="x"), process(f, sock0, 1, name="x")])
g = scenario("a property is not run", run=[process(prop)])
h = scenario("a socket is not run", run=[process(sock0)])
i = scenario("an unknown function", run=[process(ff, sock0)])
