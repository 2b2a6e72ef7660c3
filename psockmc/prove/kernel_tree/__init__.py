"""The ring functions of a kernel tree: cut out, compiled, and compared with the plain ring on random rings."""
