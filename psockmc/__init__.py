"""psockmc: a model checker for the Linux kernel's sk_psock (BPF sockmap)."""

__version__ = "0.1.0"
