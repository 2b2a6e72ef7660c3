"""The Linux-kernel memory model: from C litmus tests to verdicts, with reasons.

Independent of the transition systems of the rest of psockmc. The data flows one way: text -> `parser` -> `threads`
(paths of symbolic events) -> `search` (candidate executions, `execution.Execution`) -> `answer`; a model (text in
`models/`) says which executions are allowed.
"""
