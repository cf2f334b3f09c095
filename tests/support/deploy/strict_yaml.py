"""YAML as Compose reads it: a key that stands twice is a mistake, and `!reset` takes out what another file has."""

from __future__ import annotations

from typing import Any

import yaml


class _StrictLoader(yaml.SafeLoader):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._checked: list[yaml.MappingNode] = []

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Before anything is merged in, which may repeat what the mapping itself says."""
        if not any(node is each for each in self._checked):
            self._checked.append(node)
            keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            if twice := {key for key in keys if keys.count(key) > 1}:
                raise yaml.constructor.ConstructorError(None, None, f"{sorted(twice)} twice", node.start_mark)
        super().flatten_mapping(node)


_StrictLoader.add_constructor("!reset", lambda _loader, _node: None)


def load(text: str) -> Any:
    """The one document in a text."""
    return yaml.load(text, _StrictLoader)  # noqa: S506 - a SafeLoader
