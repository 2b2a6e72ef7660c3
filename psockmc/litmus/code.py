"""The C of one thread: recursive descent over its tokens, going on behind an error to find the next one."""

from __future__ import annotations

from psockmc.litmus.lexer import END, NUMBER, WORD, Token, number
from psockmc.litmus.problems import Problem
from psockmc.litmus.syntax import (
    Assign,
    Binary,
    Block,
    Call,
    Deref,
    Evaluate,
    Expr,
    If,
    Name,
    Number,
    Statement,
    Store,
    Thread,
    While,
)

# Loosest first, as in C.
_LEVELS = (("|",), ("^",), ("&",), ("==", "!="), ("<", ">", "<=", ">="), ("<<", ">>"), ("+", "-"), ("*", "/", "%"))
_BINDING = {op: level for level, ops in enumerate(_LEVELS) for op in ops}
_INTEGERS = ("int", "char", "long", "short", "unsigned", "signed", "bool", "intptr_t", "uintptr_t", "size_t")
_KERNEL_INTEGERS = ("u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64")
_KERNEL_TYPES = ("atomic_t", "atomic_long_t", "refcount_t", "spinlock_t", "rwlock_t")
_QUALIFIERS = ("void", "const", "volatile", "struct", "union", "enum")
_TYPES = frozenset((*_INTEGERS, *_KERNEL_INTEGERS, *_KERNEL_TYPES, *_QUALIFIERS))
_REFUSED = {
    "&&": "nest two `if`",
    "||": "use `|` on comparisons, or two `if`",
    "->": "give the field a global of its own",
    ".": "give the field a global of its own",
    "[": "give every element a global of its own",
    "?": "use `if` and `else`",
    "++": "write `r = r + 1;`",
    "--": "write `r = r - 1;`",
}
_DEEPEST = 100
"""Statements and expressions that nest deeper, and expressions with more operands, are refused."""

_STATEMENTS = ("for", "goto", "return", "break", "continue", "switch", "case", "asm")


class Refused(Exception):
    """A problem that ends the statement it is in."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class CodeParser:
    """Parses `P0(parameters) { statements }` from tokens that end with END. problems: what was wrong so far."""

    def __init__(self, tokens: list[Token], problems: list[Problem]) -> None:
        self.tokens = tokens
        self.at = 0
        self.problems = problems
        self.declared: set[str] = set()
        self.depth = 0  # of statements in statements
        self.operands = 0  # of the statement so far

    # ------------------------------------------------------------ threads

    def thread(self) -> Thread | None:
        """The thread; None when its head is so wrong that nothing can be made of it."""
        try:
            name = self._next().text
            parameters = self._parameters()
            self._expect("{")
        except Refused as refused:
            self.problems.append(refused.problem)
            return None
        body = self._rest_of_block()
        return Thread(name, parameters, body, frozenset(self.declared))

    def _parameters(self) -> tuple[str, ...]:
        names: list[str] = []
        self._expect("(")
        while not self._take(")"):
            name = None
            while self.tokens[self.at].text not in (",", ")"):
                token = self._next()
                if token.kind == WORD:
                    name = token
                elif token.text != "*":
                    raise self._unexpected(token, "a parameter such as `int *x`")
            if name is None:
                raise self._unexpected(self.tokens[self.at], "a parameter such as `int *x`")
            if name.text not in _TYPES:
                names.append(name.text)
            self._take(",")
        return tuple(names)

    # ------------------------------------------------------------ statements

    def _rest_of_block(self) -> Block:
        """Statements up to the closing brace."""
        body: list[Statement] = []
        while not self._take("}"):
            token = self.tokens[self.at]
            if token.kind == END:
                self.problems.append(self._unexpected(token, "`}`").problem)
                break
            try:
                body.extend(self._statement())
            except Refused as refused:
                self.problems.append(refused.problem)
                self._skip_statement()
        return tuple(body)

    def _skip_statement(self) -> None:
        """Go behind the next `;` of this block, or to the brace that ends it."""
        depth = 0
        while self.tokens[self.at].kind != END:
            text = self.tokens[self.at].text
            if text == "}" and depth == 0:
                return
            depth += (text == "{") - (text == "}")
            self.at += 1
            if depth == 0 and text in (";", "}"):
                return

    def _statement(self) -> Block:
        """One statement, or the statements of a block."""
        self.depth += 1
        self.operands = 0
        try:
            self._check_size(self.depth)
            return self._statement_of(self.tokens[self.at])
        finally:
            self.depth -= 1

    def _check_size(self, size: int) -> None:
        if size > _DEEPEST:
            token = self.tokens[self.at]
            help = "use more registers, or more threads"
            raise Refused(Problem("L0003", "this nests too deeply", token.start, token.end, help=help))

    def _statement_of(self, token: Token) -> Block:
        """The statement that begins with this token."""
        text = token.text
        if token.kind == WORD:
            if text == "if":
                return (self._if(),)
            if text in ("while", "do"):
                return (self._while(),)
            if text in _STATEMENTS:
                raise Refused(
                    Problem(
                        "L0003",
                        f"`{text}` has no place in a litmus test",
                        token.start,
                        token.end,
                        help="use `if` or `while`",
                    )
                )
            if self._is_declaration():
                return self._declaration()
            if self.tokens[self.at + 1].text == "=":
                self.at += 2
                return (self._assignment(token),)
            return (self._evaluate(),)
        if text == "*":
            return (self._store(),)
        if text == "{":
            self.at += 1
            return self._rest_of_block()
        if text == ";":
            self.at += 1
            return ()
        if text == "(":
            return (self._evaluate(),)
        raise self._unexpected(token, "a statement")

    def _if(self) -> If:
        start = self._next().start
        self._expect("(")
        condition = self._expression()
        end = self._expect(")").end
        then = self._statement()
        otherwise: Block = ()
        if self._take("else"):
            otherwise = self._statement()
        return If(condition, then, otherwise, start, end)

    def _while(self) -> While:
        first = self._next()
        if first.text == "do":
            body = self._statement()
            self._expect("while")
        self._expect("(")
        condition = self._expression()
        end = self._expect(")").end
        if first.text == "do":
            self._expect(";")
        else:
            body = self._statement()
        return While(condition, body, first.text == "do", first.start, end)

    def _is_declaration(self) -> bool:
        """Whether a type begins here: a type's name, or two words in a row, or a word, stars and a word."""
        if self.tokens[self.at].text in _TYPES:
            return True
        following = self.at + 1
        while self.tokens[following].text == "*":
            following += 1
        return self.tokens[following].kind == WORD

    def _declaration(self) -> Block:
        """`type r1 = value, *r2;`: assignments of the initialisers; registers need no declaration."""
        while self.tokens[self.at + 1].kind == WORD:
            self.at += 1
        if self.tokens[self.at + 1].text == "*":
            self.at += 1
        assignments: list[Statement] = []
        while True:
            while self._take("*"):
                pass
            name = self._next()
            if name.kind != WORD:
                raise self._unexpected(name, "the name of a register")
            self.declared.add(name.text)
            if self._take("="):
                value = self._expression()
                assignments.append(Assign(name.text, value, name.start, value.end))
            if not self._take(","):
                break
        self._expect(";")
        return tuple(assignments)

    def _assignment(self, name: Token) -> Assign:
        self.declared.add(name.text)
        value = self._expression()
        end = self._expect(";").end
        return Assign(name.text, value, name.start, end)

    def _store(self) -> Store:
        start = self.tokens[self.at].start
        place = self._unary()
        if not isinstance(place, Deref):
            raise self._unexpected(self.tokens[self.at], "the place of a store, such as `*x`")
        self._expect("=")
        value = self._expression()
        end = self._expect(";").end
        return Store(place.address, value, start, end)

    def _evaluate(self) -> Evaluate:
        call = self._expression()
        end = self._expect(";").end
        if not isinstance(call, Call):
            raise Refused(
                Problem(
                    "L0003", "this statement has no effect", call.start, call.end, help="assign the value to a register"
                )
            )
        return Evaluate(call, call.start, end)

    # ------------------------------------------------------------ expressions

    def expression(self) -> Expr:
        """One expression, up to the end of the tokens. Raises Refused."""
        expr = self._expression()
        if self.tokens[self.at].kind != END:
            raise self._unexpected(self.tokens[self.at], "an operator")
        return expr

    def _expression(self, level: int = 0) -> Expr:
        left = self._unary()
        while True:
            op = self.tokens[self.at]
            binding = _BINDING.get(op.text, -1)
            if op.text in _REFUSED:
                message = f"`{op.text}` is not part of the litmus dialect"
                raise Refused(Problem("L0003", message, op.start, op.end, help=_REFUSED[op.text]))
            if binding < level:
                return left
            self.at += 1
            right = self._expression(binding + 1)
            left = Binary(op.text, left, right, left.start, right.end)

    def _unary(self) -> Expr:
        self.operands += 1
        self._check_size(self.operands)
        token = self._next()
        kind, text = token.kind, token.text
        if kind == WORD:
            if self.tokens[self.at].text == "(":
                return self._call(token)
            if text == "NULL":
                return Number(0, token.start, token.end)
            return Name(text, token.start, token.end)
        if kind == NUMBER:
            return Number(number(text), token.start, token.end)
        if text == "(":
            if self._skip_cast():
                return self._unary()
            inner = self._expression()
            self._expect(")")
            return inner
        if text in ("*", "-", "!", "&", "~"):
            return self._prefix(token)
        raise self._unexpected(token, "a value")

    def _prefix(self, token: Token) -> Expr:
        operand = self._unary()
        start, end = token.start, operand.end
        if token.text == "*":
            return Deref(operand, start, end)
        if token.text == "-":
            return Binary("-", Number(0, start, start), operand, start, end)
        if token.text == "!":
            return Binary("==", operand, Number(0, start, start), start, end)
        if token.text == "~":
            return Binary("^", operand, Number(-1, start, start), start, end)
        if isinstance(operand, Name):
            return operand  # the name of a global is its address
        if isinstance(operand, Deref):
            return operand.address
        raise self._unexpected(token, "a value, or the address of a global")

    def _skip_cast(self) -> bool:
        """Skip `type *)` behind an opening parenthesis, when a type stands there."""
        at = self.at
        while self.tokens[at].kind == WORD:
            at += 1
        words, stars = at - self.at, 0
        while self.tokens[at].text == "*":
            at, stars = at + 1, stars + 1
        if not words or self.tokens[at].text != ")":
            return False
        if stars or words > 1 or self.tokens[self.at].text in _TYPES:
            self.at = at + 1
            return True
        return False

    def _call(self, name: Token) -> Call:
        self._expect("(")
        arguments: list[Expr] = []
        while self.tokens[self.at].text != ")":
            arguments.append(self._expression())
            if not self._take(","):
                break
        end = self._expect(")").end
        return Call(name.text, tuple(arguments), name.start, end)

    # ------------------------------------------------------------ tokens

    def _next(self) -> Token:
        token = self.tokens[self.at]
        if token.kind != END:
            self.at += 1
        return token

    def _take(self, text: str) -> bool:
        if self.tokens[self.at].text == text:
            self.at += 1
            return True
        return False

    def _expect(self, text: str) -> Token:
        token = self.tokens[self.at]
        if token.text != text:
            raise self._unexpected(token, f"`{text}`")
        self.at += 1
        return token

    def _unexpected(self, token: Token, wanted: str) -> Refused:
        if token.text in _REFUSED:
            message = f"`{token.text}` is not part of the litmus dialect"
            return Refused(Problem("L0003", message, token.start, token.end, help=_REFUSED[token.text]))
        found = f"`{token.text}`" if token.kind != END else "the end of the thread"
        return Refused(Problem("L0002", f"expected {wanted}, found {found}", token.start, token.end))
