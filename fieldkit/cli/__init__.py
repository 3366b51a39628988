"""The command line: one module a noun."""


def main() -> None:
    """Run ``fieldkit`` with the arguments it was started with."""
    from fieldkit.cli.application import app

    app()
