from psockmc.lang import kernel, pure, user


def nothing() -> None:
    pass


@kernl("net/core/sock.c")
def misspelt() -> None:
    pass


@primitive
def not_imported() -> None:
    pass


@kernel
def no_file() -> None:
    pass


@user()
def with_arguments() -> None:
    pass


@user
@pure
def two_roles() -> None:
    pass
