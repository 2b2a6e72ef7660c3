"""Transition systems: plain frozen data (`system`), and how typed functions become one (`lower`)."""
