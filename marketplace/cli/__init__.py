"""The `flask` commands: one module per group, each exposing a click group; `register` adds them to the application."""

from flask import Flask


def register(app: Flask) -> None:
    """Adds every group. The imports are local: a web worker that runs no command loads none of their libraries."""
    from .demo_command import demo
    from .regions import regions
    from .search import group as search

    for group in (demo, regions, search):
        app.cli.add_command(group)
