"""Bangfu (帮扶): bulk purchases from poor counties, attributed to households to the fen.

The rooms and their order are the import contracts in pyproject.toml; docs/guide.md walks through them.
"""
