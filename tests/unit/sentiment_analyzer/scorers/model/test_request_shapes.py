from __future__ import annotations

from collections.abc import Callable

import pytest

from services.common.errors import NeverWorks, TryLater
from services.sentiment_analyzer.scorers.model.chat import Reply
from services.sentiment_analyzer.scorers.model.request_shapes import (
    FailedError,
    Parameter,
    RefusedError,
    RequestShapes,
    Shape,
    without_bounds,
    without_system_role,
)

PARTS = (
    Parameter("bound", ("old", "new", None)),
    Parameter("cold", (True, False)),
    Parameter("schema", ("whole", "plain", None)),
)
OK = Reply("ok")
Takes = Callable[[Shape], bool]


class Server:
    """Takes the shapes that a test wants, and notes those that it is sent."""

    def __init__(self, takes: Takes, error: Exception | None = None) -> None:
        self.takes = takes
        self.error = error or RefusedError("no")
        self.sent: list[tuple[object, ...]] = []
        self.shapes = RequestShapes("server", PARTS)

    def send(self, shape: Shape) -> Reply:
        self.sent.append(tuple(shape.values()))
        if not self.takes(shape):
            raise self.error
        return OK

    def ask(self, *, is_check: bool = False) -> Reply:
        self.sent.clear()
        return self.shapes.ask(self.send, is_check=is_check)


def test_a_server_that_takes_all_is_asked_once() -> None:
    server = Server(lambda _: True)

    assert server.ask() == OK
    assert server.sent == [("old", True, "whole")]


def test_what_is_refused_in_no_words_is_found_by_putting_back_what_is_taken() -> None:
    server = Server(lambda shape: shape["bound"] != "old" and shape["schema"] != "whole")

    assert server.ask() == OK
    assert server.ask() == OK
    assert server.sent == [("new", True, "plain")]


def test_what_a_refusal_names_is_tried_first() -> None:
    server = Server(lambda shape: shape["bound"] == "new", RefusedError("no", "bound"))

    server.ask()

    assert server.sent == [("old", True, "whole"), ("new", True, "whole")]


def test_a_refusal_that_names_the_wrong_part_misleads_nobody() -> None:
    server = Server(lambda shape: shape["schema"] is None, RefusedError("no", "cold"))

    server.ask()
    server.ask()

    assert server.sent == [("old", True, None)]


def test_what_is_refused_in_every_shape_is_refused_and_teaches_nothing() -> None:
    server = Server(lambda _: False)

    with pytest.raises(NeverWorks):
        server.ask()

    assert server.sent == [("old", True, "whole"), (None, False, None)]
    server.takes = lambda _: True
    server.ask()
    assert server.sent == [("old", True, "whole")]


def test_a_failure_is_taken_for_a_refusal_only_by_the_check() -> None:
    server = Server(lambda shape: shape["schema"] is None, FailedError("engine"))

    with pytest.raises(TryLater):
        server.ask()
    assert len(server.sent) == 1

    assert server.ask(is_check=True) == OK
    server.ask()
    assert server.sent == [("old", True, None)]


def test_a_server_that_goes_away_while_it_is_understood_has_answered_and_is_asked_anew_next_time() -> None:
    server = Server(lambda shape: shape["schema"] is None)
    plain, turns = server.takes, iter([True] * 2 + [False] + [True] * 99)

    def send(shape: Shape) -> Reply:
        if not next(turns):
            raise TryLater("slow down")
        if not plain(shape):
            raise RefusedError("no")
        return OK

    assert server.shapes.ask(send) == OK
    assert server.shapes.ask(send) == OK
    assert server.shapes.ask(server.send) == OK
    assert server.sent == [("old", True, None)]


def test_the_text_of_the_system_goes_before_the_users_and_the_talk_alternates() -> None:
    roles = ("system", "user", "assistant", "user")
    talk = [{"role": role, "content": role.upper()} for role in roles]

    merged = without_system_role(talk)

    assert [each["role"] for each in merged] == ["user", "assistant", "user"]
    assert merged[0]["content"] == "SYSTEM\n\nUSER"
    assert talk[1]["content"] == "USER"


def test_a_schema_without_bounds_is_the_same_otherwise() -> None:
    assert without_bounds({"anyOf": [{"type": "string", "maxLength": 3}], "minimum": 0, "enum": ["x"]}) == {
        "anyOf": [{"type": "string"}],
        "enum": ["x"],
    }
