"""Mutants: single steps of the models are changed, and some property must notice.

An invariant that notices nothing may be worth nothing; a step that can be changed unnoticed is a hole in the scenarios,
or it does not matter there.
"""
