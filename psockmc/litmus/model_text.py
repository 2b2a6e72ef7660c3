"""The language of the memory models: from text to checked definitions and axioms.

A text is a list of items; `//` begins a comment:

    let NAME = EXPRESSION            a definition
    let rec NAME = EXPRESSION        the least relation that satisfies the equation
    acyclic EXPRESSION as NAME       axioms: an execution is allowed iff all of them hold
    irreflexive EXPRESSION as NAME
    empty EXPRESSION as NAME
    flag EXPRESSION as NAME          raised where the expression is not empty

Names of sets of events begin with a capital letter, names of relations with a small one. From loose to tight binding:
`|` union, `;` composition, `\\` difference, `&` intersection, `*` product of two sets, `~` complement, and behind an
operand `?` (or equal), `*`, `+` and `^-1` (inverse). `[S]` is the identity on S, `id` on all events, `_` is the set of
all events; `domain(r)` and `range(r)` are sets. The operators and their binding are those of the cat language of herd7.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NoReturn

from psockmc.lang.diagnostics import Diagnostic, ModelErrors, did_you_mean
from psockmc.lang.tree import Span

Kind = Literal["set", "relation"]
Check = Literal["acyclic", "irreflexive", "empty", "flag"]

CODES = {
    "M01": "This character has no meaning here.",
    "M02": "The grammar expects something else here.",
    "M03": "No definition and no base set or relation has this name.",
    "M04": "A set stands where a relation belongs, or the other way round.",
    "M05": "A name is defined twice.",
    "M06": "A name's first letter contradicts what it is defined as.",
    "M07": "A recursive definition uses itself where it cannot.",
    "M08": "A model without axioms allows everything.",
}
"""What a model text can be refused for."""


# ---------------------------------------------------------------- the tree


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """A name: of a definition, of a base set or relation, or `_` and `id`."""

    name: str
    kind: Kind
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Binary:
    """op: one of `|` `;` `\\` `&` and `*` (product of sets)."""

    op: str
    left: Expression
    right: Expression
    kind: Kind
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Unary:
    """op: `~`, `?`, `*`, `+`, `^-1`, `[]` (identity on a set), `domain` or `range`."""

    op: str
    operand: Expression
    kind: Kind
    span: Span


Expression = Name | Binary | Unary


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """`let name = body`. comment: the comment lines directly above, as one text."""

    name: str
    body: Expression
    recursive: bool
    span: Span
    comment: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Axiom:
    """`check body as name`, a flag included. comment: as for definitions."""

    check: Check
    body: Expression
    name: str
    span: Span
    comment: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ModelText:
    """A checked text. Every name in an expression is a base name or that of an earlier definition (or its own, if rec)."""

    name: str
    source: str
    definitions: Mapping[str, Definition]
    axioms: tuple[Axiom, ...]
    flags: tuple[Axiom, ...]


# ---------------------------------------------------------------- tokens

_TOKEN = re.compile(
    r"(?P<space>[ \t\r]+)|(?P<line>\n)|(?P<comment>//[^\n]*)"
    r"|(?P<word>[A-Za-z_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)|(?P<sign>\^-1|[|;\\&*~?+=()\[\]])"
)
_KEYWORDS = frozenset({"let", "rec", "acyclic", "irreflexive", "empty", "flag", "as"})
_STARTS = ("let", "acyclic", "irreflexive", "empty", "flag")
_UNIVERSAL: Mapping[str, Kind] = {"_": "set", "id": "relation"}


@dataclass(frozen=True, slots=True)
class _Token:
    """kind: `word`, `sign`, `keyword` or `end`. comment: the comment lines directly above the token."""

    kind: str
    text: str
    line: int
    column: int
    comment: str = ""


@dataclass(slots=True)
class _Source:
    """The text with what error messages need of it."""

    file: str
    text: str
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lines = self.text.split("\n")

    def refuse(self, code: str, span: Span, message: str, label: str = "", help: str = "") -> NoReturn:
        shown = tuple(self.lines[span.line - 1 : span.line])
        raise ModelErrors([Diagnostic(code, message, span, label, help, shown)])


def _tokens(source: _Source) -> list[_Token]:
    """All tokens with an `end` behind them."""
    found: list[_Token] = []
    comments: list[str] = []
    at, line, line_start, code_on_line = 0, 1, 0, False
    while at < len(source.text):
        match = _TOKEN.match(source.text, at)
        column = at - line_start
        if match is None:
            span = Span(source.file, line, column, line, column + 1)
            help = "comments begin with `//`" if source.text[at] in "(#" else "see the grammar in psockmc.litmus.model_text"
            source.refuse("M01", span, f"`{source.text[at]}` has no meaning in a model text", "here", help)
        at = match.end()
        kind, text = match.lastgroup or "", match.group()
        if kind == "line":
            if not code_on_line and not source.lines[line - 1].strip():
                comments.clear()
            line, line_start, code_on_line = line + 1, at, False
        elif kind == "comment" and not code_on_line:
            comments.append(text[2:].strip())
        elif kind in ("word", "sign"):
            token = _Token("keyword" if text in _KEYWORDS else kind, text, line, column, "\n".join(comments))
            found.append(token)
            comments.clear()
            code_on_line = True
    found.append(_Token("end", "", line, at - line_start))
    return found


# ---------------------------------------------------------------- the parser


class _Parser:
    """Recursive descent; checks names and kinds on the way, because every name is defined before it is used."""

    def __init__(self, source: _Source, base: Mapping[str, Kind]) -> None:
        self.source = source
        self.tokens = _tokens(source)
        self.at = 0
        self.base = {**base, **_UNIVERSAL}
        self.definitions: dict[str, Definition] = {}
        self.checks: dict[str, Axiom] = {}
        self.recursive: str | None = None

    # ---- tokens

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def span(self, start: _Token) -> Span:
        """From a token to the last one taken."""
        last = self.tokens[max(self.at - 1, 0)]
        return Span(self.source.file, start.line, start.column, last.line, last.column + len(last.text))

    def here(self) -> Span:
        token = self.token
        return Span(self.source.file, token.line, token.column, token.line, token.column + max(1, len(token.text)))

    def take(self, *texts: str) -> _Token | None:
        """The next token if it is one of these."""
        token = self.token
        if token.kind == "end" or token.text not in texts:
            return None
        self.at += 1
        return token

    def expect(self, text: str, where: str) -> None:
        if self.take(text) is None:
            self.expected(f"`{text}` {where}")

    def expected(self, what: str) -> NoReturn:
        found = f"`{self.token.text}`" if self.token.kind != "end" else "the end of the text"
        self.source.refuse("M02", self.here(), f"expected {what}, found {found}", f"expected {what}")

    # ---- items

    def parse(self) -> tuple[dict[str, Definition], dict[str, Axiom]]:
        while self.token.kind != "end":
            if self.take("let"):
                self.definition(self.tokens[self.at - 1])
            elif check := self.take("acyclic", "irreflexive", "empty", "flag"):
                self.axiom(check)
            else:
                self.expected("an item, which begins with `let`, `acyclic`, `irreflexive`, `empty` or `flag`")
        return self.definitions, self.checks

    def new_name(self, known: Mapping[str, object], what: str) -> str:
        if self.token.kind != "word":
            self.expected(f"the name of the {what}")
        name = self.token.text
        if name in known:
            help = "choose another name: a name has one meaning in a text"
            self.source.refuse("M05", self.here(), f"`{name}` is defined twice", "defined before", help)
        self.at += 1
        return name

    def definition(self, start: _Token) -> None:
        recursive = self.take("rec") is not None
        place = self.here()
        name = self.new_name({**self.base, **self.definitions}, "definition")
        self.expect("=", f"behind the name of `{name}`")
        named: Kind = "set" if name[0].isupper() else "relation"
        if recursive and named == "set":
            self.source.refuse("M07", place, f"the set `{name}` is defined by recursion", "", "only relations can be")
        self.recursive = name if recursive else None
        body = self.expression()
        self.recursive = None
        if body.kind != named:
            first = "a capital" if body.kind == "set" else "a small"
            help = f"begin its name with {first} letter"
            self.source.refuse("M06", place, f"`{name}` is defined as a {body.kind}", f"names a {named}", help)
        self.definitions[name] = Definition(name, body, recursive, self.span(start), start.comment)

    def axiom(self, start: _Token) -> None:
        check: Check = start.text  # type: ignore[assignment]  # one of the four words that `parse` took
        body = self.expression()
        if check in ("acyclic", "irreflexive"):
            self.need(body, "relation", f"`{check}`")
        self.expect("as", f"and a name at the end of the {'flag' if check == 'flag' else 'axiom'}")
        name = self.new_name(self.checks, "flag" if check == "flag" else "axiom")
        self.checks[name] = Axiom(check, body, name, self.span(start), start.comment)

    # ---- expressions, loosest binding first

    def expression(self) -> Expression:
        return self.chain("|", lambda: self.chain(";", lambda: self.chain("\\", lambda: self.chain("&", self.product))))

    def chain(self, op: str, operand: object) -> Expression:
        start = self.token
        left = operand()  # type: ignore[operator]
        while self.take(op):
            right = operand()  # type: ignore[operator]
            if op == ";":
                self.need(left, "relation", "`;`")
                self.need(right, "relation", "`;`")
            elif left.kind != right.kind:
                self.need(right, left.kind, f"`{op}` behind a {left.kind}")
            left = Binary(op, left, right, left.kind, self.span(start))
        return left

    def product(self) -> Expression:
        start = self.token
        left = self.unary()
        if not self.take("*"):
            return left
        right = self.unary()
        self.need(left, "set", "the product `*`")
        self.need(right, "set", "the product `*`")
        return Binary("*", left, right, "relation", self.span(start))

    def unary(self) -> Expression:
        start = self.token
        if not self.take("~"):
            return self.postfix()
        operand = self.unary()
        return Unary("~", operand, operand.kind, self.span(start))

    def postfix(self) -> Expression:
        start = self.token
        operand = self.primary()
        while op := self.postfix_operator():
            self.need(operand, "relation", f"`{op}`")
            operand = Unary(op, operand, "relation", self.span(start))
        return operand

    def postfix_operator(self) -> str | None:
        """A `*` with an operand behind it is the product."""
        following = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else self.token
        if self.token.text == "*" and (following.kind == "word" or following.text in ("(", "[", "~")):
            return None
        token = self.take("?", "*", "+", "^-1")
        return token.text if token else None

    def primary(self) -> Expression:
        start = self.token
        if self.take("("):
            inner = self.expression()
            self.expect(")", "to close the parenthesis")
            return inner
        if self.take("["):
            inner = self.expression()
            self.expect("]", "to close the bracket")
            self.need(inner, "set", "brackets")
            return Unary("[]", inner, "relation", self.span(start))
        if start.kind != "word":
            self.expected("an operand")
        if start.text in ("domain", "range"):
            return self.projection(start)
        self.at += 1
        return Name(start.text, self.kind_of(start), self.span(start))

    def projection(self, start: _Token) -> Expression:
        self.at += 1
        self.expect("(", f"behind `{start.text}`")
        operand = self.expression()
        self.expect(")", "to close the parenthesis")
        self.need(operand, "relation", f"`{start.text}`")
        return Unary(start.text, operand, "set", self.span(start))

    def kind_of(self, token: _Token) -> Kind:
        name = token.text
        if name in self.definitions:
            return self.definitions[name].body.kind
        if name in self.base:
            return self.base[name]
        if name == self.recursive:
            return "relation"
        help = did_you_mean(name, [*self.base, *self.definitions]) or "define it above with `let`"
        self.source.refuse("M03", self.span(token), f"nothing is called `{name}`", "unknown", help)

    def need(self, operand: Expression, kind: Kind, where: str) -> None:
        if operand.kind == kind:
            return
        help = "`[S]` makes a relation of a set" if kind == "relation" else "`domain(r)` and `range(r)` make sets of relations"
        message = f"{where} needs a {kind}, this is a {operand.kind}"
        self.source.refuse("M04", operand.span, message, f"a {operand.kind}", help)


def parse_model(text: str, name: str, base: Mapping[str, Kind], file: str = "") -> ModelText:
    """Parses and checks a model text.

    base: the sets and relations that executions bring along. file: the path that messages show.
    Raises ModelErrors with the place and the reason when the text is refused.
    """
    source = _Source(file or name, text)
    definitions, checks = _Parser(source, base).parse()
    for definition in definitions.values():
        if definition.recursive:
            _check_recursion(source, definition.name, definition.body)
    axioms = tuple(axiom for axiom in checks.values() if axiom.check != "flag")
    if not axioms:
        message = "the model has no axiom and would allow every execution"
        source.refuse("M08", Span(source.file, 0, 0, 0, 0), message, "", "state one, such as `acyclic po | rf as order`")
    flags = tuple(axiom for axiom in checks.values() if axiom.check == "flag")
    return ModelText(name, text, definitions, axioms, flags)


def mentions(name: str, expression: Expression) -> bool:
    """Whether the name stands in the expression itself (not in the definitions that it uses)."""
    if isinstance(expression, Name):
        return expression.name == name
    if isinstance(expression, Binary):
        return mentions(name, expression.left) or mentions(name, expression.right)
    return mentions(name, expression.operand)


def _check_recursion(source: _Source, name: str, body: Expression) -> None:
    """A least solution exists only where the equation is monotone: no complement of the name itself."""
    negated: Expression | None = None
    if isinstance(body, Binary):
        _check_recursion(source, name, body.left)
        if body.op == "\\":
            negated = body.right
        else:
            _check_recursion(source, name, body.right)
    elif isinstance(body, Unary):
        if body.op == "~":
            negated = body.operand
        else:
            _check_recursion(source, name, body.operand)
    if negated is not None and mentions(name, negated):
        message = f"`{name}` is defined by what it does not contain"
        source.refuse("M07", negated.span, message, "not monotone", "a recursive definition may use itself only positively")
