"""``python -m sync_server`` is ``fieldkit-server``."""

from sync_server.cli import main

if __name__ == "__main__":
    main()
