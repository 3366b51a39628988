"""The command line of the server: found a province, invite people, serve, keep safe."""


def main() -> None:
    """Run ``fieldkit-server`` with the arguments it was started with."""
    from sync_server.cli.application import app

    app()
