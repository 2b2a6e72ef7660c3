from psockmc.lang import Struct, instance, process, scenario, u32, user


@user
def f() -> None:
    pass


@user
def takes(n: u32) -> None:
    pass


no_run = scenario("nobody runs")
no_sentence = scenario(run=[process(f)])
nobody = scenario("an empty list", run=[])
unknown = scenario("an unknown part", run=[process(f)], pool={})
bad_setup = scenario("a setup with parameters", run=[process(f)], setup=takes)
no_setup = scenario("a setup that is no function", run=[process(f)], setup=3)
no_dictionary = scenario("pools are a dictionary", run=[process(f)], pools=[1])
