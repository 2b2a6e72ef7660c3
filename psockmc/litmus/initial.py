"""The initial values of a litmus test: `{ x=1; int *p=&y; 0:r1=z; atomic_t v=ATOMIC_INIT(2); spinlock_t l; }`."""

from __future__ import annotations

from psockmc.litmus import lexer
from psockmc.litmus.execution import Value
from psockmc.litmus.lexer import END, NUMBER, WORD, Token
from psockmc.litmus.problems import Problem, Source

_INITIALISERS = ("ATOMIC_INIT", "REFCOUNT_INIT")
_EXAMPLE = "write `x=1;`, `int *p=&y;`, `0:r1=y;` or `atomic_t v=ATOMIC_INIT(1);`"


class InitialParser:
    """Parses the braces at position.

    memory, registers: the values; end: the position behind; problems: what is wrong.
    """

    def __init__(self, source: Source, position: int) -> None:
        self.memory: dict[str, Value] = {}
        self.registers: dict[int, dict[str, Value]] = {}
        self.problems: list[Problem] = []
        self.end = self._closing(source, position)
        entry: list[Token] = []
        for token in lexer.facts(source, position + 1, self.end - 1):
            if token.kind != END and token.text != ";":
                entry.append(token)
            elif entry:
                self._entry(entry)
                entry = []

    def _closing(self, source: Source, position: int) -> int:
        close = source.text.find("}", position)
        while close >= 0:
            comment = source.text.find("(*", position, close)
            if comment < 0:
                return close + 1
            position = lexer.after_comment(source, comment)
            close = source.text.find("}", position)
        self.problems.append(
            Problem("L0007", "the initial values do not end", position, position + 1, help="close with `}`")
        )
        return len(source.text)

    def _entry(self, tokens: list[Token]) -> None:
        """One entry: [thread :] words and stars of a type, a name, and perhaps `= value`."""
        texts = [t.text for t in tokens]
        thread = None
        if len(tokens) > 2 and tokens[0].kind == NUMBER and texts[1] == ":":
            thread, tokens, texts = lexer.number(texts[0]), tokens[2:], texts[2:]
        equals = texts.index("=") if "=" in texts else len(texts)
        left = [t for t in tokens[:equals] if t.text not in ("*", "[", "]")]
        if not left or any(t.kind != WORD for t in left):
            self._refuse(tokens)
            return
        value = self._value(tokens[equals + 1 :]) if equals < len(texts) else 0
        if value is None:
            self._refuse(tokens)
        elif thread is None:
            self.memory[left[-1].text] = value
        else:
            self.registers.setdefault(thread, {})[left[-1].text] = value

    def _value(self, tokens: list[Token]) -> Value | None:
        """The value, None when it has no known form. The name of a global is its address."""
        texts = [t.text for t in tokens]
        if texts[:1] == ["&"] and len(tokens) == 2:
            tokens, texts = tokens[1:], texts[1:]
        if len(tokens) == 4 and texts[0] in _INITIALISERS and (texts[1], texts[3]) == ("(", ")"):
            tokens, texts = tokens[2:3], texts[2:3]
        sign = 1
        if texts[:1] == ["-"]:
            tokens, texts, sign = tokens[1:], texts[1:], -1
        if len(tokens) != 1:
            return None
        if tokens[0].kind == NUMBER:
            return sign * lexer.number(texts[0])
        if texts[0] == "NULL":
            return 0
        return f"&{texts[0]}" if tokens[0].kind == WORD and sign == 1 else None

    def _refuse(self, tokens: list[Token]) -> None:
        start, end = tokens[0].start, tokens[-1].end
        self.problems.append(Problem("L0007", "this initial value has an unknown form", start, end, help=_EXAMPLE))
