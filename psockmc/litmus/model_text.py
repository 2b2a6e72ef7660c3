r"""The language of the memory models: from text to checked definitions and axioms.

A text is a list of items; `//` begins a comment:

    let NAME = EXPRESSION            a definition
    let rec NAME = EXPRESSION        the least relation that satisfies the equation
    acyclic EXPRESSION as NAME       axioms: an execution is allowed iff all of them hold
    irreflexive EXPRESSION as NAME
    empty EXPRESSION as NAME
    flag EXPRESSION as NAME          raised where the expression is not empty

Names of sets of events begin with a capital letter, names of relations with a small one. From loose to tight binding:
`|` union, `;` composition, `\` difference, `&` intersection, `*` product of two sets, `~` complement, and behind an
operand `?` (or equal), `*`, `+` and `^-1` (inverse). `[S]` is the identity on S, `id` on all events, `_` is the set of
all events; `domain(r)` and `range(r)` are sets. The operators and their binding are those of the cat language of herd7.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, NoReturn

from psockmc.litmus.problems import LitmusError, Problem, Source

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
    "M09": "An axiom uses a relation that is meant for flags.",
}
"""What a model text can be refused for."""


class ModelTextError(LitmusError):
    """A model text that is refused; the codes of its problems are those of this module."""


class Extent(NamedTuple):
    """A piece of the text, as offsets (end exclusive)."""

    start: int
    end: int


# ---------------------------------------------------------------- the tree


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """A name: of a definition, of a base set or relation, or `_` and `id`."""

    name: str
    kind: Kind
    at: Extent


@dataclass(frozen=True, slots=True, eq=False)
class Binary:
    r"""op: one of `|` `;` `\` `&` and `*` (product of sets)."""

    op: str
    left: Expression
    right: Expression
    kind: Kind
    at: Extent


@dataclass(frozen=True, slots=True, eq=False)
class Unary:
    """op: `~`, `?`, `*`, `+`, `^-1`, `[]` (identity on a set), `domain` or `range`."""

    op: str
    operand: Expression
    kind: Kind
    at: Extent


Expression = Name | Binary | Unary


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """`let name = body`. comment: the comment lines directly above, as one text."""

    name: str
    body: Expression
    recursive: bool
    at: Extent
    comment: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Axiom:
    """`check body as name`, a flag included. comment: as for definitions."""

    check: Check
    body: Expression
    name: str
    at: Extent
    comment: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ModelText:
    """A checked text: every name in it is a base name or that of an earlier definition (or its own, if rec)."""

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
_UNIVERSAL: Mapping[str, Kind] = {"_": "set", "id": "relation"}


class _Token(NamedTuple):
    """kind: `word`, `sign`, `keyword` or `end`. comment: the comment lines directly above the token."""

    kind: str
    text: str
    at: Extent
    comment: str = ""


def _refuse(source: Source, code: str, at: Extent | None, message: str, label: str = "", help: str = "") -> NoReturn:
    start, end = at or (None, None)
    raise ModelTextError(source, [Problem(code, message, start, end, label, help)])


def _tokens(source: Source) -> list[_Token]:
    """All tokens with an `end` behind them."""
    found: list[_Token] = []
    comments: list[str] = []
    at, line_is_empty, line_has_code = 0, True, False
    while at < len(source.text):
        match = _TOKEN.match(source.text, at)
        if match is None:
            help = "see psockmc.litmus.model_text for the grammar"
            if source.text[at] in "(#":
                help = "comments begin with `//`"
            _refuse(
                source, "M01", Extent(at, at + 1), f"`{source.text[at]}` has no meaning in a model text", "here", help
            )
        kind, text = match.lastgroup or "", match.group()
        if kind == "line":
            if line_is_empty:
                comments.clear()
            line_is_empty, line_has_code = True, False
        elif kind == "comment" and not line_has_code:
            comments.append(text[2:].strip())
            line_is_empty = False
        elif kind in ("word", "sign"):
            kind = "keyword" if text in _KEYWORDS else kind
            found.append(_Token(kind, text, Extent(at, match.end()), "\n".join(comments)))
            comments.clear()
            line_is_empty, line_has_code = False, True
        at = match.end()
    found.append(_Token("end", "", Extent(at, at)))
    return found


# ---------------------------------------------------------------- the parser


class _Parser:
    """Recursive descent; checks names and kinds on the way, because every name is defined before it is used."""

    def __init__(self, source: Source, base: Mapping[str, Kind]) -> None:
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

    def since(self, start: _Token) -> Extent:
        """From a token to the last one taken."""
        return Extent(start.at.start, self.tokens[max(self.at - 1, 0)].at.end)

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
        _refuse(self.source, "M02", self.token.at, f"expected {what}, found {found}", f"expected {what}")

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
            _refuse(self.source, "M05", self.token.at, f"`{name}` is defined twice", "defined before", help)
        self.at += 1
        return name

    def definition(self, start: _Token) -> None:
        recursive = self.take("rec") is not None
        place = self.token.at
        name = self.new_name({**self.base, **self.definitions}, "definition")
        self.expect("=", f"behind the name of `{name}`")
        named: Kind = "set" if name[0].isupper() else "relation"
        if recursive and named == "set":
            _refuse(self.source, "M07", place, f"the set `{name}` is defined by recursion", "", "only relations can be")
        self.recursive = name if recursive else None
        body = self.expression()
        self.recursive = None
        if body.kind != named:
            first = "a capital" if body.kind == "set" else "a small"
            help = f"begin its name with {first} letter"
            _refuse(self.source, "M06", place, f"`{name}` is defined as a {body.kind}", f"names a {named}", help)
        self.definitions[name] = Definition(name, body, recursive, self.since(start), start.comment)

    def axiom(self, start: _Token) -> None:
        check: Check = start.text  # type: ignore[assignment]  # one of the four words that `parse` took
        body = self.expression()
        if check in ("acyclic", "irreflexive"):
            self.need(body, "relation", f"`{check}`")
        self.expect("as", f"and a name at the end of the {'flag' if check == 'flag' else 'axiom'}")
        name = self.new_name(self.checks, "flag" if check == "flag" else "axiom")
        self.checks[name] = Axiom(check, body, name, self.since(start), start.comment)

    # ---- expressions, loosest binding first

    def expression(self) -> Expression:
        return self.chain("|", self.sequence)

    def sequence(self) -> Expression:
        return self.chain(";", self.difference)

    def difference(self) -> Expression:
        return self.chain("\\", self.intersection)

    def intersection(self) -> Expression:
        return self.chain("&", self.product)

    def chain(self, op: str, operand: Callable[[], Expression]) -> Expression:
        start = self.token
        left = operand()
        while self.take(op):
            right = operand()
            if op == ";":
                self.need(left, "relation", "`;`")
                self.need(right, "relation", "`;`")
            elif left.kind != right.kind:
                self.need(right, left.kind, f"`{op}` behind a {left.kind}")
            left = Binary(op, left, right, left.kind, self.since(start))
        return left

    def product(self) -> Expression:
        start = self.token
        left = self.unary()
        if not self.take("*"):
            return left
        right = self.unary()
        self.need(left, "set", "the product `*`")
        self.need(right, "set", "the product `*`")
        return Binary("*", left, right, "relation", self.since(start))

    def unary(self) -> Expression:
        start = self.token
        if not self.take("~"):
            return self.postfix()
        operand = self.unary()
        return Unary("~", operand, operand.kind, self.since(start))

    def postfix(self) -> Expression:
        start = self.token
        operand = self.primary()
        while op := self.postfix_operator():
            self.need(operand, "relation", f"`{op}`")
            operand = Unary(op, operand, "relation", self.since(start))
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
            return Unary("[]", inner, "relation", self.since(start))
        if start.kind != "word":
            self.expected("an operand")
        if start.text in ("domain", "range"):
            return self.projection(start)
        self.at += 1
        return Name(start.text, self.kind_of(start), self.since(start))

    def projection(self, start: _Token) -> Expression:
        self.at += 1
        self.expect("(", f"behind `{start.text}`")
        operand = self.expression()
        self.expect(")", "to close the parenthesis")
        self.need(operand, "relation", f"`{start.text}`")
        return Unary(start.text, operand, "set", self.since(start))

    def kind_of(self, token: _Token) -> Kind:
        from difflib import get_close_matches  # only for a refusal

        name = token.text
        if name in self.definitions:
            return self.definitions[name].body.kind
        if name in self.base:
            return self.base[name]
        if name == self.recursive:
            return "relation"
        near = get_close_matches(name, [*self.base, *self.definitions], n=1)
        help = f"did you mean `{near[0]}`?" if near else "define it above with `let`"
        _refuse(self.source, "M03", self.since(token), f"nothing is called `{name}`", "unknown", help)

    def need(self, operand: Expression, kind: Kind, where: str) -> None:
        if operand.kind == kind:
            return
        makes = {"relation": "`[S]` makes a relation of a set", "set": "`domain(r)` makes a set of a relation"}
        message = f"{where} needs a {kind}, this is a {operand.kind}"
        _refuse(self.source, "M04", operand.at, message, f"a {operand.kind}", makes[kind])


def parse_model(text: str, name: str, base: Mapping[str, Kind], file: str = "") -> ModelText:
    """Parses and checks a model text.

    base: the sets and relations that executions bring along. file: the path that messages show.
    Raises ModelTextError with the place and the reason when the text is refused.
    """
    source = Source(file or name, text)
    definitions, checks = _Parser(source, base).parse()
    for definition in definitions.values():
        if definition.recursive:
            _check_recursion(source, definition.name, definition.body)
    axioms = tuple(axiom for axiom in checks.values() if axiom.check != "flag")
    if not axioms:
        message = "the model has no axiom and would allow every execution"
        _refuse(source, "M08", None, message, "", "state one, such as `acyclic po | rf as order`")
    flags = tuple(axiom for axiom in checks.values() if axiom.check == "flag")
    return ModelText(name, text, definitions, axioms, flags)


def mentions(name: str, expression: Expression) -> bool:
    """Whether the name stands in the expression itself (not in the definitions that it uses)."""
    if isinstance(expression, Name):
        return expression.name == name
    if isinstance(expression, Binary):
        return mentions(name, expression.left) or mentions(name, expression.right)
    return mentions(name, expression.operand)


def _check_recursion(source: Source, name: str, body: Expression) -> None:
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
        _refuse(source, "M07", negated.at, message, "not monotone", "recursion may use its own name only positively")
