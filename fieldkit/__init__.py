"""FieldKit: offline-first field survey and case management.

``import fieldkit`` loads no edge: no disk, network, clock or screen.
"""

__version__ = "0.1.0"
