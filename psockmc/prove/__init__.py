"""Proofs about functions of the language: executed symbolically, all paths merged, decided by an SMT solver."""
