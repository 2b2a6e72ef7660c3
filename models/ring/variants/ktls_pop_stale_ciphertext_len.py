"""bpf_exec_tx_verdict() as it was before 178f6a5c8cb3 (v6.17): the ciphertext buffer kept its length."""

from psockmc.lang import Ptr, replaces, s32

from models.ring.tls import tls_trim_ciphertext
from models.ring.types import sk_msg, sock


@replaces(tls_trim_ciphertext)
def ciphertext_stays(sk: Ptr[sock], msg_en: Ptr[sk_msg], delta: s32) -> None:
    """Nothing."""
    pass
