from psockmc.lang import process, scenario, user


@user
def f() -> None:
    pass


maybe = scenario("it is quick or it is not", run=[process(f)], quick=3)
never = scenario("what is not quick says nothing", run=[process(f)], quick=False)
