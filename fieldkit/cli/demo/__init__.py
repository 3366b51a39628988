"""The demo: the whole story, told by the installed commands on an invented province."""
