from psockmc.lang import invariant, process, pure, scenario, user

LOOP = [I01] + LOOP


@user
def f() -> None:
    pass


@pure
def helper() -> bool:
    return True


@invariant("I01", "true")
def always() -> bool:
    return helper()


a = scenario("an unknown property", run=[process(f)], properties=[I01, I02])
b = scenario("not a property", run=[process(f)], properties=[helper])
c = scenario("not a list", run=[process(f)], properties="I01")
d = scenario("an unknown list", run=[process(f)], properties=LIFECYCLE + [I01])
