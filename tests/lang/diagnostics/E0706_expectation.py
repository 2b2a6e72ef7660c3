from psockmc.lang import HOLDS, VIOLATED, invariant, process, scenario, user


@user
def f() -> None:
    pass


@invariant("I01", "true")
def always() -> bool:
    return True


a = scenario("no reason", run=[process(f)], expect={"data-race": VIOLATED})
b = scenario("no expectation", run=[process(f)], why={"data-race": "because"})
c = scenario("no verdict", run=[process(f)], expect={"data-race": "VIOLATED"}, why={"data-race": "because"})
d = scenario("no sentence", run=[process(f)], expect={"data-race": HOLDS}, why={"data-race": 3})
e = scenario("a name for an ID", run=[process(f)], expect={always: VIOLATED}, why={always: "because"})
g = scenario("not listed", run=[process(f)], expect={"I01": VIOLATED}, why={"I01": "because"})

THREE = 3
EMPTY = " "
h = scenario("a number", run=[process(f)], expect={"data-race": VIOLATED}, why={"data-race": THREE})
i = scenario("no words", run=[process(f)], expect={"data-race": VIOLATED}, why={"data-race": EMPTY})
j = scenario("no such name", run=[process(f)], expect={"data-race": VIOLATED}, why={"data-race": WHY})
