"""From an expression's text to its syntax, by descent through XPath's grammar."""

from fieldkit.errors import ExpressionError
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
from fieldkit.forms.expressions.tokens import Token, tokens_of

DEPTH_MAX = 48  # of brackets and calls within each other; else-if ladders are free

# From the weakest to the strongest (XPath 1.0, section 3).
_STRENGTHS: tuple[frozenset[str], ...] = (
    frozenset(("or",)),
    frozenset(("and",)),
    frozenset(("=", "!=")),
    frozenset(("<", "<=", ">", ">=")),
    frozenset(("+", "-")),
    frozenset(("*", "div", "mod")),
)
_LEVEL = {name: level for level, names in enumerate(_STRENGTHS) for name in names}
_NODE_TYPES = frozenset(("text", "node", "comment", "processing-instruction"))
AXES = frozenset(
    (
        "ancestor", "ancestor-or-self", "attribute", "child", "descendant",
        "descendant-or-self", "following", "following-sibling", "namespace",
        "parent", "preceding", "preceding-sibling", "self",
    )
)  # fmt: skip
_ANY_BELOW = Step("descendant-or-self", "node()")


def parse_syntax(text: str) -> Syntax:
    """Return the syntax of ``text``.

    Raises:
        ExpressionError: ``expression.syntax``, ``expression.quote``,
            ``expression.too_long`` or ``expression.too_deep``, with its offset.
    """
    return _Parser(text).whole()


class _Parser:
    """Reads the tokens once, from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens_of(text)
        self.at = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def whole(self) -> Syntax:
        syntax = self.expression()
        if self.token.kind != "end":
            raise self.unexpected()
        return syntax

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def symbol(self, text: str) -> bool:
        """Take that symbol if it comes next."""
        if self.token.kind == "symbol" and self.token.text == text:
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.symbol(text):
            raise self.unexpected(expected=text)

    def unexpected(self, *, expected: str = "") -> ExpressionError:
        token = self.token
        code = "expression.end" if token.kind == "end" else "expression.syntax"
        return ExpressionError(
            code, expression=self.text, offset=token.offset, found=token.text,
            expected=expected,
        )  # fmt: skip

    def expression(self) -> Syntax:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise ExpressionError(
                "expression.too_deep", expression=self.text,
                offset=self.token.offset, count_max=DEPTH_MAX,
            )  # fmt: skip
        syntax = self.strength(0)
        self.depth -= 1
        return syntax

    def strength(self, weakest: int, first: Syntax | None = None) -> Syntax:
        """Return operands joined by operators of at least that strength."""
        left = self.operand() if first is None else first
        while True:
            level = self.operator_level()
            if level < weakest:
                return left
            left = self.chain(left, level)

    def chain(self, first: Syntax, level: int) -> Syntax:
        rest: list[tuple[str, Syntax]] = []
        while self.operator_level() == level:
            operator = self.take().text
            rest.append((operator, self.strength(level + 1)))
        return Chain(first, tuple(rest))

    def operator_level(self) -> int:
        token = self.token
        if token.kind in ("operator", "symbol"):
            return _LEVEL.get(token.text, -1)
        return -1

    def operand(self) -> Syntax:
        """Return a union of paths, with the minus signs before it."""
        minus = 0
        while self.symbol("-"):
            minus += 1
        operand = self.union(self.path())
        if minus == 0:
            return operand
        return Negation(operand if minus % 2 else Negation(operand))

    def union(self, first: Syntax) -> Syntax:
        rest = []
        while self.symbol("|"):
            rest.append(("|", self.path()))
        return Chain(first, tuple(rest)) if rest else first

    def path(self) -> Syntax:
        if self.symbol("//"):
            return Path("/", (_ANY_BELOW, *self.steps()))
        if self.symbol("/"):
            return Path("/", self.steps() if self.begins_step() else ())
        if not self.begins_primary():
            return Path(None, self.steps())
        return self.path_from(self.primary())

    def path_from(self, base: Syntax) -> Syntax:
        """Return ``base`` with the predicates and steps behind it."""
        predicates = self.predicates()
        start = Filter(base, predicates) if predicates else base
        if self.symbol("//"):
            return Path(start, (_ANY_BELOW, *self.steps()))
        if self.symbol("/"):
            return Path(start, self.steps())
        return start

    def begins_step(self) -> bool:
        token = self.token
        return token.kind == "name" or (
            token.kind == "symbol" and token.text in (".", "..", "@")
        )

    def begins_primary(self) -> bool:
        token = self.token
        if token.kind in ("number", "text", "reference", "variable"):
            return True
        if token.kind == "symbol":
            return token.text == "("
        return self.begins_call() and token.text not in _NODE_TYPES

    def begins_call(self) -> bool:
        following = self.tokens[self.at + 1 : self.at + 2]
        return (
            self.token.kind == "name"
            and bool(following)
            and (following[0].kind == "symbol" and following[0].text == "(")
        )

    def primary(self) -> Syntax:
        token = self.take()
        if token.kind == "number":
            return Number(float(token.text))
        if token.kind == "text":
            return Text(token.text[1:-1])
        if token.kind == "reference":
            return self.reference(token)
        if token.kind == "variable":
            return Variable(token.text[1:])
        if token.kind == "symbol":  # an opening bracket
            inner = self.expression()
            self.expect(")")
            return inner
        return self.call(token)

    def reference(self, token: Token) -> Reference:
        name = token.text[2:-1].strip()
        saved, hash_sign, rest = name.partition("#")
        if hash_sign and saved.strip() == "last-saved":
            return Reference(rest.strip(), saved=True)
        if not name or hash_sign or any(sign.isspace() for sign in name):
            raise ExpressionError(
                "expression.reference",
                expression=self.text,
                offset=token.offset,
                found=token.text,
            )
        return Reference(name)

    def call(self, name: Token) -> Syntax:
        """Return a call; ``if(…, …, if(…))`` is read in a loop, however long."""
        ladder: list[tuple[Token, list[Syntax]]] = []
        arguments = self.arguments(name)
        while name.text == "if" and len(arguments) == 2 and self.begins_if():  # noqa: PLR2004
            ladder.append((name, arguments))
            name = self.take()
            arguments = self.arguments(name)
        syntax = self.closed(name, arguments)
        for outer, before in reversed(ladder):
            last = self.strength(0, self.union(self.path_from(syntax)))
            syntax = self.closed(outer, [*before, last])
        return syntax

    def begins_if(self) -> bool:
        return self.begins_call() and self.token.text == "if"

    def arguments(self, name: Token) -> list[Syntax]:
        """Return the arguments; of an ``if`` that ends in an ``if``, the first two."""
        self.expect("(")
        arguments: list[Syntax] = []
        if self.token.kind == "symbol" and self.token.text == ")":
            return arguments
        arguments.append(self.expression())
        while self.symbol(","):
            if name.text == "if" and len(arguments) == 2 and self.begins_if():  # noqa: PLR2004
                break
            arguments.append(self.expression())
        return arguments

    def closed(self, name: Token, arguments: list[Syntax]) -> Call:
        while self.symbol(","):
            arguments.append(self.expression())
        self.expect(")")
        return Call(name.text, tuple(arguments), name.offset)

    def steps(self) -> tuple[Step, ...]:
        steps = [self.step()]
        while True:
            if self.symbol("//"):
                steps.append(_ANY_BELOW)
            elif not self.symbol("/"):
                return tuple(steps)
            steps.append(self.step())

    def step(self) -> Step:
        if self.symbol(".."):
            return Step("parent", "node()", self.predicates())
        if self.symbol("."):
            return Step("self", "node()", self.predicates())
        axis = self.axis()
        test = self.node_test()
        return Step(axis, test, self.predicates())

    def axis(self) -> str:
        if self.symbol("@"):
            return "attribute"
        following = self.tokens[self.at + 1] if self.token.kind != "end" else self.token
        if self.token.kind != "name" or following.text != "::":
            return "child"
        if self.token.text not in AXES:
            raise self.unexpected(expected="axis::")
        axis = self.take().text
        self.take()
        return axis

    def node_test(self) -> str:
        if self.token.kind != "name":
            raise self.unexpected()
        if not self.begins_call():
            return self.take().text
        if self.token.text not in _NODE_TYPES:
            raise self.unexpected()
        name = self.take().text
        self.expect("(")
        target = ""
        if name == "processing-instruction" and self.token.kind == "text":
            target = self.take().text[1:-1]
        self.expect(")")
        return f"{name}({target})"

    def predicates(self) -> tuple[Syntax, ...]:
        predicates = []
        while self.symbol("["):
            predicates.append(self.expression())
            self.expect("]")
        return tuple(predicates)
