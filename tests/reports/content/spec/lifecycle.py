"""Its states."""

from psockmc.lang import NULL, Ptr, pure

from models.life import sk0, sk_psock


@pure
def init(psock: Ptr[sk_psock]) -> bool:
    """Nobody else knows it."""
    return sk0.sk_user_data != psock and not psock.dropped


@pure
def published(psock: Ptr[sk_psock]) -> bool:
    """It can be found."""
    return sk0.sk_user_data == psock


@pure
def unpublished(psock: Ptr[sk_psock]) -> bool:
    """It was found before."""
    return sk0.sk_user_data != psock and psock.dropped and psock.rwork.func == NULL


@pure
def grace_period(psock: Ptr[sk_psock]) -> bool:
    """Its readers leave."""
    return sk0.sk_user_data != psock and psock.rwork.func != NULL
