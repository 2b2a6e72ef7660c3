from psockmc.lang import Enum


class verdict(Enum):
    SK_DROP = 0
    SK_PASS = 1
    SK_REDIRECT = 1
