from psockmc.lang import Enum, Ptr, Struct, current, user


class verdict(Enum):
    SK_DROP = 0


class sock(Struct):
    v: verdict


@user
def f(sk: Ptr[sock]) -> None:
    if sk.v:
        sk.w = SK_DROP
    while current():
        pass
    x = not sk.v
