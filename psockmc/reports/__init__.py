"""The documents for reviewers: `psockmc report` writes them, from what runs have found.

Each part is a module with a function `pages(material)` that gives (path below the folder of the reports, text) of every
file of the part. The texts hold no times and no paths of a machine: the same models give the same files.
"""
