"""Scenarios: who runs, in which bounds, and what must come out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from psockmc.lang import tree
from psockmc.lang.annotations import TypeReader
from psockmc.lang.constants import constant
from psockmc.lang.diagnostics import Refused, did_you_mean, listed
from psockmc.lang.instances import definition, require_word
from psockmc.lang.property_lists import property_functions
from psockmc.lang.scope import Symbol, SymbolKind
from psockmc.lang.types import show
from psockmc.lang.words import Kind
from psockmc.lang.world import Signature, World

RUNNERS = ("process", "softirq", "hardirq")
VERDICTS = ("HOLDS", "VIOLATED", "UNDETERMINED")
PARTS = ("setup", "run", "pools", "properties", "expect", "why", "may_fail", "workers_cpu", "quick")
MAX_OBJECTS = 64
MAX_CPU = 63

_Part = TypeVar("_Part")
_Default = TypeVar("_Default")


def read_scenarios(world: World, symbols: list[Symbol]) -> dict[str, tree.Scenario]:
    """All scenarios; whatever is wrong with them goes to the report."""
    found: dict[str, tree.Scenario] = {}
    for symbol in symbols:
        if symbol.kind is SymbolKind.SCENARIO:
            with world.report.recover():
                found[symbol.name] = _ScenarioReader(world, symbol).read()
    return found


class _ScenarioReader:
    """Reads one `name = scenario(...)`; a part that is refused is reported and replaced by its default."""

    def __init__(self, world: World, symbol: Symbol) -> None:
        self.world = world
        self.symbol = symbol
        self.module = symbol.module
        self.file = symbol.module.file
        self.call = definition(symbol)
        self.types = TypeReader(world, symbol.module)

    def read(self) -> tree.Scenario:
        """The scenario; raises Refused when it is not one at all."""
        require_word(self.symbol, self.call)
        self._refuse_unknown_parts()
        if not any(keyword.arg == "run" for keyword in self.call.keywords):
            help = "write `run=[process(f, x), softirq(g, y)]`"
            raise self.file.refuse("E0702", self.call, "a scenario says who runs", label="no `run`", help=help)
        properties = self._part("properties", self._properties, ())
        before = self.world.report.refusals
        no_texts: dict[str, str] = {}
        expect = self._part("expect", self._expect, no_texts)
        why = self._part("why", self._texts, no_texts)
        if self.world.report.refusals == before:
            self._match_reasons(expect, why)
            self._match_properties(expect, properties)
        return tree.Scenario(
            name=self.symbol.name,
            sentence=self._sentence(),
            setup=self._part("setup", self._setup, ""),
            run=self._part("run", self._run, ()),
            pools=self._part("pools", self._pools, {}),
            properties=properties,
            expect=expect,
            why=why,
            may_fail=self._part("may_fail", self._may_fail, ()),
            workers_cpu=self._part("workers_cpu", self._cpu, -1),
            span=self.file.span(self.symbol.node),
            quick=self._part("quick", self._quick, False),
        )

    def _part(self, name: str, read: Callable[[ast.expr], _Part], default: _Default) -> _Part | _Default:
        """One keyword argument, or the default when it is missing or refused."""
        for keyword in self.call.keywords:
            if keyword.arg == name:
                with self.world.report.recover():
                    return read(keyword.value)
        return default

    def _refuse_unknown_parts(self) -> None:
        for keyword in self.call.keywords:
            if keyword.arg not in PARTS:
                help = did_you_mean(keyword.arg or "", PARTS) or f"its parts are {listed(PARTS)}"
                message = f"a scenario has no part `{keyword.arg or '**'}`"
                raise self.file.refuse("E0702", keyword, message, label="unknown part", help=help)

    def _sentence(self) -> str:
        match self.call.args:
            case [ast.Constant(value=str(sentence))] if sentence.strip():
                return sentence
        help = 'write `scenario("what happens against what", setup=..., run=[...], ...)`'
        message = "a scenario begins with its sentence"
        raise self.file.refuse("E0702", self.call, message, label="no sentence", help=help)

    # ------------------------------------------------------------ who runs

    def _function(self, node: ast.expr, code: str) -> Signature:
        """A function that contexts run, by its name."""
        symbol = self.module.value_symbol(node) if isinstance(node, ast.Name) else None
        if isinstance(node, ast.Name) and symbol is None:
            raise self.module.unknown_name(node, [], "function")
        if symbol is None or symbol.kind is not SymbolKind.FUNCTION:
            message = f"`{self.file.written(node)}` is not a function"
            raise self.file.refuse(code, node, message, label="no function", help="name a function of the model")
        signature = self.world.signatures.get(symbol)
        if signature is None:
            raise Refused(None)
        if signature.is_property:
            message = f"`{symbol.name}` exists for properties and is never run"
            raise self.file.refuse(code, node, message, label="a property function", help="list it in `properties`")
        return signature

    def _setup(self, node: ast.expr) -> str:
        signature = self._function(node, "E0702")
        if signature.params:
            help = "write one without parameters that calls it with the instances of this scenario"
            message = f"the setup function `{signature.name}` has parameters"
            raise self.file.refuse("E0702", node, message, label="nobody gives arguments", help=help)
        return signature.name

    def _run(self, node: ast.expr) -> tuple[tree.Runner, ...]:
        runners: list[tree.Runner] = []
        for item in self._items(node, "run"):
            with self.world.report.recover():
                runner = self._runner(item)
                if runner.name and runner.name in [other.name for other in runners]:
                    help = "give every context a name of its own"
                    message = f"two contexts are called `{runner.name}`"
                    raise self.file.refuse("E0703", item, message, label="same name", help=help)
                runners.append(runner)
        return tuple(runners)

    def _items(self, node: ast.expr, what: str) -> list[ast.expr]:
        if isinstance(node, ast.List | ast.Tuple) and node.elts:
            return node.elts
        message = f"`{what}` must be a list with at least one entry"
        raise self.file.refuse("E0702", node, message, label="no list", help=f"write `{what}=[...]`")

    def _runner(self, node: ast.expr) -> tree.Runner:
        word = self.module.word(node.func, Kind.MODULE) if isinstance(node, ast.Call) else None
        if not isinstance(node, ast.Call) or word is None or word.name not in RUNNERS or not node.args:
            help = "write `process(f, ...)`, `softirq(f, ...)` or `hardirq(f, ...)`, each imported from psockmc.lang"
            message = "this starts no context"
            raise self.file.refuse("E0703", node, message, label="not a context", help=help)
        signature = self._function(node.args[0], "E0703")
        args = self._arguments(node, signature)
        cpu, name = -1, ""
        for keyword in node.keywords:
            match keyword:
                case ast.keyword(arg="cpu", value=value):
                    cpu = self._cpu(value)
                case ast.keyword(arg="name", value=ast.Constant(value=str(text))) if text.strip():
                    name = text
                case _:
                    help = 'a context has `cpu=0` and `name="closer"`'
                    message = f"a context has no option `{self.file.written(keyword)}`"
                    raise self.file.refuse("E0703", keyword, message, label="unknown option", help=help)
        return tree.Runner(word.name, signature.name, args, cpu, name, self.file.span(node))

    def _arguments(self, node: ast.Call, signature: Signature) -> tuple[tree.Expr, ...]:
        given = node.args[1:]
        if len(given) != len(signature.params):
            expected = ", ".join(f"{p.name}: {show(p.type)}" for p in signature.params)
            message = f"`{signature.name}` takes {len(signature.params)} arguments, {len(given)} given"
            help = f"its parameters are ({expected})"
            raise self.file.refuse("E0507", node, message, label=f"{len(given)} given", help=help)
        return tuple(self._argument(arg, p, signature.name) for arg, p in zip(given, signature.params, strict=True))

    def _argument(self, node: ast.expr, param: tree.Param, function: str) -> tree.Expr:
        what = f"argument `{param.name}` of `{function}`"
        return constant(self.world, self.module, node, param.type, what, "E0508", instances=True)

    def _cpu(self, node: ast.expr) -> int:
        cpu = self.types.integer(node)
        if not 0 <= cpu <= MAX_CPU:
            help = f"CPUs are numbered 0 to {MAX_CPU}; leave it out for a CPU of its own"
            raise self.file.refuse("E0703", node, f"there is no CPU {cpu}", label="no such CPU", help=help)
        return cpu

    # ------------------------------------------------------------ bounds

    def _entries(self, node: ast.expr, what: str, form: str) -> Iterator[tuple[ast.expr, ast.expr]]:
        if not isinstance(node, ast.Dict) or None in node.keys:
            raise self.file.refuse("E0702", node, f"`{what}` must be a dictionary", label="no dictionary", help=form)
        for key, value in zip(node.keys, node.values, strict=True):
            assert key is not None
            yield key, value

    def _pools(self, node: ast.expr) -> dict[str, int]:
        pools: dict[str, int] = {}
        for key, value in self._entries(node, "pools", "write `pools={sk_psock: 1}`"):
            with self.world.report.recover():
                struct, count = self._struct(key), self.types.integer(value)
                if struct in pools:
                    help = "add the two numbers up"
                    message = f"the pool of `{struct}` is stated twice"
                    raise self.file.refuse("E0705", key, message, label="second time", help=help)
                if not 0 <= count <= MAX_OBJECTS:
                    help = f"a pool has 0 to {MAX_OBJECTS} objects"
                    message = f"a pool of {count} objects is refused"
                    raise self.file.refuse("E0705", value, message, label="out of range", help=help)
                pools[struct] = count
        return pools

    def _struct(self, node: ast.expr) -> str:
        """A struct that a pool is made of."""
        symbol = self.module.type_symbol(node) if isinstance(node, ast.Name) else None
        if symbol is not None and symbol.kind is SymbolKind.STRUCT:
            return symbol.name
        name = self.file.written(node)
        structs = [n for n, s in self.module.types.items() if s.kind is SymbolKind.STRUCT]
        help = did_you_mean(name, structs) or "name a struct that this file imports"
        raise self.file.refuse("E0705", node, f"`{name}` is no struct known here", label="no struct", help=help)

    def _may_fail(self, node: ast.expr) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._struct(item) for item in self._items(node, "may_fail")))

    def _quick(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Constant) and node.value is True:
            return True
        help = "write `quick=True`, or leave it out"
        message = "a scenario belongs to the quick ones or not"
        raise self.file.refuse("E0702", node, message, label="not `True`", help=help)

    # ------------------------------------------------------------ what must come out

    def _properties(self, node: ast.expr) -> tuple[str, ...]:
        return property_functions(self.world, self.module, node)

    def _expect(self, node: ast.expr) -> dict[str, str]:
        expect: dict[str, str] = {}
        for key, value in self._entries(node, "expect", 'write `expect={"data-race": VIOLATED}`'):
            with self.world.report.recover():
                id = self._id(key)
                word = self.module.word(value, Kind.CONSTANT)
                if word is None or word.name not in VERDICTS:
                    help = f"write one of {listed(VERDICTS)}, imported from psockmc.lang"
                    message = f"`{self.file.written(value)}` is no verdict"
                    raise self.file.refuse("E0706", value, message, label="no verdict", help=help)
                expect[id] = word.name
        return expect

    def _id(self, node: ast.expr) -> str:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
            return node.value
        help = 'write the ID of a property in quotes: `"data-race"`, `"I07"`'
        raise self.file.refuse("E0706", node, "expectations are stated by property ID", label="no ID", help=help)

    def _texts(self, node: ast.expr) -> dict[str, str]:
        texts: dict[str, str] = {}
        for key, value in self._entries(node, "why", 'write `why={"data-race": "the reason"}`'):
            with self.world.report.recover():
                id = self._id(key)
                texts[id] = self._reason(value, id)
        return texts

    def _reason(self, node: ast.expr, id: str) -> str:
        """A reason: a sentence in quotes, or the name that one has at module level."""
        symbol = self.module.value_symbol(node) if isinstance(node, ast.Name) else None
        if symbol is not None and symbol.kind is SymbolKind.SENTENCE and isinstance(symbol.node, ast.Assign):
            node = symbol.node.value
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.strip():
            return node.value
        help = 'write a sentence in quotes, or the name of one: `NAME = "sentence"`'
        raise self.file.refuse("E0706", node, f"`{id}` needs a reason", label="no sentence", help=help)

    def _match_reasons(self, expect: Mapping[str, str], why: Mapping[str, str]) -> None:
        """Every expectation has a reason, and every reason an expectation."""
        for id in expect.keys() - why.keys():
            message = f"the expectation for `{id}` gives no reason"
            help = f'add `why={{"{id}": "the reason"}}`'
            self._note(message, "why?", help)
        for id in why.keys() - expect.keys():
            message = f"a reason is given for `{id}`, but no expectation"
            self._note(message, "expected to be what?", f'add `expect={{"{id}": VIOLATED}}` or drop the reason')

    def _match_properties(self, expect: Mapping[str, str], properties: Sequence[str]) -> None:
        """An expectation for a property of the model needs that property in the scenario."""
        stated = {s.property_id: s.name for s in self.world.signatures.values() if s is not None and s.property_id}
        for id in expect:
            if id in stated and stated[id] not in properties:
                message = f"{id} is expected to be {expect[id]}, but the scenario does not check it"
                self._note(message, "not checked", f"add `{stated[id]}` to `properties`")

    def _note(self, message: str, label: str, help: str) -> None:
        self.world.report.add(self.file.refuse("E0706", self.call, message, label=label, help=help))
