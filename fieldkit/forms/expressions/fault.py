"""Errors found while compiling or evaluating, before it is known in which text."""

from fieldkit.errors import ExpressionError


def fault(code: str, **details: object) -> ExpressionError:
    """Return an error that ``parse`` or ``evaluate`` completes with its expression."""
    return ExpressionError(code, **{"offset": 0, **details})


def complete(error: ExpressionError, text: str) -> ExpressionError:
    """Return ``error`` saying in which expression it was found."""
    error.details.setdefault("expression", text)
    return error
