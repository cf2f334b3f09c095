"""A real Docker engine, and the production system on it.

    ./cryptoboy test tests/containers                 all; the first run makes the engine and the images
    ./cryptoboy test tests/containers/test_install.py one module; each runs alone
    ... --numprocesses=2 --dist=loadfile              two engines, which share the modules between them

A module asks for one of these fixtures:

- `production`: the system of docker-compose.production.yml, installed as the guide says and healthy, with the world
  outside in a container (tests/support/containers/world.py). It is shared: a module leaves it healthy, not paused,
  without dead letters, with the same Compose files and `.env`. What a module leaves otherwise is mended before the
  next module, which costs time.
- `empty_engine`: the engine without any system of ours; `folder` is a copy of the checkout for one:
  `Stack(empty_engine, folder)`. Such modules run first.
- `engine`: the engine, whatever else runs on it.

A test uses the methods of `Stack` (tests/support/containers/stack.py). Where no engine can be had nothing is tested,
and pytest ends with status 77. With CRYPTOBOY_TEST_DOCKER_HOST the tests use that engine and its own images, and
refuse one that holds a system of ours. Runs with the same XDG_CACHE_HOME wait for one another.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.containers.cache import fill_second_cache
from tests.support.containers.checkout import copy_checkout
from tests.support.containers.engine import Engine
from tests.support.containers.images import recipe
from tests.support.containers.machine import ContainersNotRun
from tests.support.containers.named_engine import NAMED, holdings, named_engine
from tests.support.containers.own_engine import OwnEngine, started_engine
from tests.support.containers.progress import Progress
from tests.support.containers.stack import Stack

TEST_SECONDS = 1_400


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get(NAMED) and config.getoption("numprocesses", None):
        raise pytest.UsageError(f"{NAMED} names one engine, and --numprocesses wants several")
    # With pytest-xdist: in the order of pytest_collection_modifyitems.
    config.option.loadscopereorder = False
    config.pluginmanager.register(Progress(config), "containers-progress")
    # Those of an operator. With those of our programs the users of containers could not read the files.
    os.umask(0o022)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist starts its workers
def pytest_sessionstart(session: pytest.Session) -> None:
    """Two engines: what the second needs is copied while none runs."""
    if session.config.getoption("numprocesses", None):
        found = session.config.pluginmanager.getplugin("containers-progress")
        assert isinstance(found, Progress)
        try:
            fill_second_cache(recipe(), found.say)
        except ContainersNotRun as problem:
            found.end_untested(str(problem))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The modules that want an engine without a system of ours come first; each test has time for building images."""
    if os.environ.get(NAMED):
        # Nobody's engine is stopped but our own.
        items[:] = [item for item in items if "own_engine" not in getattr(item, "fixturenames", ())]
    items.sort(key=lambda item: "empty_engine" not in getattr(item, "fixturenames", ()))
    for item in items:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))


@pytest.fixture(scope="session")
def progress(request: pytest.FixtureRequest) -> Progress:
    """`progress.say(text)` shows a line at once."""
    found = request.config.pluginmanager.getplugin("containers-progress")
    assert isinstance(found, Progress)
    return found


@pytest.fixture(scope="session")
def engine(progress: Progress) -> Iterator[Engine]:
    """A Docker engine, as the environment of this process names it from now on."""
    before = dict(os.environ)
    try:
        named = os.environ.get(NAMED)
        if named:
            found = named_engine(named)
            os.environ.update(found.environ)
            yield found
        else:
            with started_engine(progress.say) as own:
                os.environ.update(own.environ)
                yield own
    except ContainersNotRun as problem:
        progress.end_untested(str(problem))
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="session")
def own_engine(engine: Engine) -> OwnEngine:
    """The engine as one that can be stopped. With CRYPTOBOY_TEST_DOCKER_HOST the tests that ask for it are left out."""
    assert isinstance(engine, OwnEngine)
    return engine


class Production:
    """The shared system: installed where it is asked for and is not there."""

    def __init__(self, engine: Engine, folders: pytest.TempPathFactory, progress: Progress) -> None:
        self._engine, self._folders, self._progress = engine, folders, progress
        self._stack: Stack | None = None
        self._files: tuple[str, ...] = ()
        self._variables = ""

    def stack(self) -> Stack:
        """The system, healthy."""
        if self._stack is None:
            made = Stack(self._engine, copy_checkout(self._folders.mktemp("production")))
            try:
                made.install()
            except BaseException:
                self._progress.say(f"production does not come up: {made.failed_logs()}")
                made.down()
                raise
            self._stack, self._files = made, made.files
            self._variables = (made.folder / ".env").read_text()
            self._progress.say("production is installed and healthy")
        return self._stack

    def mend(self) -> None:
        """Bring back what a module left otherwise; where that fails, the next module gets a new system."""
        if self._stack is None:
            return
        variables = self._stack.folder / ".env"
        changed = self._stack.files != self._files or variables.read_text() != self._variables
        if not changed and not self._stack.unhealthy():
            return
        self._progress.say("the module has left production otherwise than it was: mending it")
        self._stack.files = self._files
        variables.write_text(self._variables)
        try:
            self._stack.compose("up", "-d", "--remove-orphans")
            self._stack.wait_healthy()
        except AssertionError as problem:
            self._progress.say(f"it is made anew: {problem}")
            self.down()

    def down(self) -> None:
        """Remove it, volumes included."""
        if self._stack is not None:
            self._stack.down()
            self._stack = None


@pytest.fixture(scope="session")
def _shared(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory, progress: Progress
) -> Iterator[Production]:
    shared = Production(engine, tmp_path_factory, progress)
    yield shared
    # Our own engine is taken down as a whole.
    if not isinstance(engine, OwnEngine):
        shared.down()


@pytest.fixture(scope="module")
def production(_shared: Production) -> Iterator[Stack]:
    """The shared production system, healthy when the module begins."""
    yield _shared.stack()
    _shared.mend()


@pytest.fixture(scope="module")
def empty_engine(engine: Engine, _shared: Production) -> Engine:
    """The engine without a system of ours. The module removes what it starts: `Stack.down`."""
    _shared.down()
    assert holdings(engine) == []
    return engine


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout for a system of the module's own."""
    return copy_checkout(tmp_path_factory.mktemp("system"))
