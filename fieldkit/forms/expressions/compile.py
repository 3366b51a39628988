"""From syntax to code: every piece becomes closures that take a Context."""

from collections.abc import Callable, Collection
from typing import Any

from fieldkit.errors import ExpressionError
from fieldkit.forms.expressions import (
    functions_dates,
    functions_geo,
    functions_nodes,
    functions_numbers,
    functions_text,
)
from fieldkit.forms.expressions.code import (
    Code,
    Run,
    as_answer,
    as_boolean,
    as_nodes,
    as_number,
    as_text,
)
from fieldkit.forms.expressions.compile_path import (
    compile_filter,
    compile_path,
    start_of,
)
from fieldkit.forms.expressions.context import Context
from fieldkit.forms.expressions.fault import fault
from fieldkit.forms.expressions.operators import compile_chain, compile_negation
from fieldkit.forms.expressions.references import (
    compile_reference,
    compile_self,
    compile_variable,
)
from fieldkit.forms.expressions.regexes import matcher
from fieldkit.forms.expressions.registry import FUNCTIONS, Function
from fieldkit.forms.expressions.syntax import (
    Call,
    Chain,
    Filter,
    Negation,
    Number,
    Path,
    Reference,
    Step,
    Syntax,
    Text,
    Variable,
)
from fieldkit.forms.expressions.values import Value, to_value

# Importing them fills the table of functions.
LIBRARIES = (
    functions_dates,
    functions_geo,
    functions_nodes,
    functions_numbers,
    functions_text,
)
_SELF = Path(None, (Step("self", "node()"),))


class Compiler:
    """Compiles syntax; ``extras`` are functions that a Context will bring."""

    def __init__(self, extras: Collection[str]) -> None:
        self.extras = extras

    def compile(self, syntax: Syntax) -> Code:
        """Return the code of ``syntax``.

        Raises:
            ExpressionError: an unknown function, a wrong number of arguments, a
                pattern that cannot be read, or no nodes where nodes are wanted.
        """
        if isinstance(syntax, Number | Text):
            return _constant(syntax)
        if isinstance(syntax, Reference):
            return compile_reference(syntax)
        if isinstance(syntax, Variable):
            return compile_variable(syntax)
        if isinstance(syntax, Call):
            return self.call(syntax)
        return self.compound(syntax)

    def compound(self, syntax: Path | Filter | Chain | Negation) -> Code:
        """Return the code of operators, paths and predicates."""
        if isinstance(syntax, Chain):
            rest = [(sign, self.compile(operand)) for sign, operand in syntax.rest]
            return compile_chain(self.compile(syntax.first), rest)
        if isinstance(syntax, Negation):
            return compile_negation(self.compile(syntax.operand))
        if isinstance(syntax, Filter):
            base = as_nodes(self.compile(syntax.base), "[ ]", 0)
            return compile_filter(base, self.all(syntax.predicates))
        return self.path(syntax)

    def all(self, pieces: tuple[Syntax, ...]) -> list[Code]:
        """Return the code of each piece."""
        return [self.compile(piece) for piece in pieces]

    def path(self, path: Path) -> Code:
        """Return the code of a path from where it starts."""
        if path == _SELF:
            return compile_self()
        if path.start is None or isinstance(path.start, str):
            start = start_of(path)
        else:
            start = as_nodes(self.compile(path.start), "/", 0)
        return compile_path(
            start, [(step, self.all(step.predicates)) for step in path.steps]
        )

    def call(self, call: Call) -> Code:
        """Return the code of a call, its arguments turned into what it takes."""
        if call.name == "if":
            return self.ladder(call)
        if call.name in self.extras:
            return self.from_context(call)
        function = FUNCTIONS.get(call.name)
        if function is None:
            raise fault(
                "expression.unknown_function", name=call.name, offset=call.offset
            )
        _check_count(function, call)
        arguments = self.all(_prepared(call))
        if call.name == "regex" and isinstance(call.arguments[1], Text):
            return _constant_regex(as_text(arguments[0]), call)
        return Code(kind=function.gives, run=_calling(function, arguments, call))

    def ladder(self, call: Call) -> Code:
        """Return the code of ``if``, with all that follow in its last place."""
        pairs: list[tuple[Callable[[Context], bool], Run]] = []
        last: Syntax = call
        kinds = set()
        while isinstance(last, Call) and last.name == "if":
            if len(last.arguments) != 3:  # noqa: PLR2004 - condition, then, else
                raise _wrong_count(last, "3")
            condition, then, otherwise = last.arguments
            code = self.compile(then)
            kinds.add(code.kind)
            pairs.append((as_boolean(self.compile(condition)), code.run))
            last = otherwise
        code = self.compile(last)
        kinds.add(code.kind)
        return Code(
            kind=kinds.pop() if len(kinds) == 1 else "any",
            run=_choosing(pairs, code.run),
        )

    def from_context(self, call: Call) -> Code:
        """Return the code of a function that the Context brings."""
        name, runs = call.name, [code.run for code in self.all(call.arguments)]

        def run(context: Context) -> Value:
            body = context.functions.get(name)
            if body is None:
                raise fault("expression.unavailable", name=name, offset=call.offset)
            return to_value(body(*[argument(context) for argument in runs]))

        return Code(kind="any", run=run)


def _constant(syntax: Number | Text) -> Code:
    value = syntax.value
    return Code(
        kind="text" if isinstance(syntax, Text) else "number", run=lambda _: value
    )


def _choosing(pairs: list[tuple[Callable[[Context], bool], Run]], last: Run) -> Run:
    if len(pairs) == 1:
        condition, then = pairs[0]
        return lambda context: then(context) if condition(context) else last(context)

    def choose(context: Context) -> Any:
        for condition, then in pairs:
            if condition(context):
                return then(context)
        return last(context)

    return choose


def _wrong_count(call: Call, expected: str) -> ExpressionError:
    return fault(
        "expression.arity", name=call.name, offset=call.offset,
        count=len(call.arguments), expected=expected,
    )  # fmt: skip


def _check_count(function: Function, call: Call) -> None:
    count, most = len(call.arguments), function.count_max
    if count >= function.count_min and (most is None or count <= most):
        return
    if most is None:
        raise _wrong_count(call, f"{function.count_min}+")
    exact = function.count_min == most
    raise _wrong_count(call, str(most) if exact else f"{function.count_min}-{most}")


def _prepared(call: Call) -> tuple[Syntax, ...]:
    """Return the arguments as the functions that look at their syntax want them.

    ``${name}`` speaks of answers: a blank one adds nothing to a sum, as in Collect.
    A path speaks of nodes: a blank one makes the sum NaN, as in XPath and Web Forms.
    """
    arguments = call.arguments
    if call.name in ("sum", "max", "min"):
        return tuple(
            Reference(one.name, answered=True)
            if isinstance(one, Reference) and not one.saved
            else one
            for one in arguments
        )
    if call.name == "indexed-repeat" and isinstance(arguments[0], Reference):
        return (Reference(arguments[0].name, everywhere=True), *arguments[1:])
    if call.name in ("jr:choice-name", "choice-label"):
        return (arguments[0], Text(question_named(arguments[1])))
    return arguments


def question_named(syntax: Syntax) -> str:
    """Return the bare name in ``'${name}'``, ``${name}``, ``'/data/group/name'``."""
    if isinstance(syntax, Reference):
        return syntax.name
    if isinstance(syntax, Text):
        text = syntax.value.strip()
        bare = text[2:-1] if text.startswith("${") and text.endswith("}") else text
        return bare.strip().rpartition("/")[2]
    if isinstance(syntax, Path) and syntax.steps:
        return syntax.steps[-1].test
    return ""


def _constant_regex(text: Callable[[Context], str], call: Call) -> Code:
    pattern = call.arguments[1]
    assert isinstance(pattern, Text)
    try:
        matches = matcher(pattern.value)
    except ExpressionError as error:
        error.details["offset"] = call.offset
        raise
    return Code(kind="boolean", run=lambda context: matches(text(context)))


def _converted(function: Function, arguments: list[Code], call: Call) -> list[Run]:
    runs: list[Run] = []
    for place, code in enumerate(arguments):
        conversion = function.conversion(place)
        if conversion == "nodes":
            runs.append(as_nodes(code, call.name, call.offset))
        else:
            runs.append(_CONVERSIONS[conversion](code))
    return runs


_CONVERSIONS: dict[str, Callable[[Code], Run]] = {
    "number": as_number,
    "text": as_text,
    "boolean": as_boolean,
    "answer": as_answer,
    "any": lambda code: code.run,
}


def _calling(function: Function, arguments: list[Code], call: Call) -> Run:
    """Return the closure that calls, without a loop for up to two arguments."""
    body = function.body
    runs = _converted(function, arguments, call)
    if function.context:
        return _calling_with_context(body, runs)
    if not runs:
        value = body()
        return lambda _: value
    if len(runs) == 1:
        only = runs[0]
        return lambda context: body(only(context))
    if len(runs) == 2:  # noqa: PLR2004
        one, other = runs
        return lambda context: body(one(context), other(context))
    return lambda context: body(*[run(context) for run in runs])


def _calling_with_context(body: Callable[..., Any], runs: list[Run]) -> Run:
    if not runs:
        return body
    if len(runs) == 1:
        only = runs[0]
        return lambda context: body(context, only(context))
    return lambda context: body(context, *[run(context) for run in runs])
