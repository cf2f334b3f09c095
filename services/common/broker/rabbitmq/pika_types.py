"""Names for pika's objects, whose package publishes no types."""

from __future__ import annotations

from typing import Any

PikaConnection = Any
PikaChannel = Any
PikaFrame = Any
PikaMethod = Any
PikaProperties = Any
