"""Puts the mixin's work around a strategy's methods, also around those that the user's own class defines.

A class below a mixin hides the mixin's methods, and a user's callbacks rarely call `super()`. So each class that is
derived from the mixin gets wrapped methods. Freqtrade calls the wrapper of the last class that has the method; that
one alone does the mixin's work. Wrappers that are reached by `super()` only pass the call on, so that nothing is done
twice.
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Call(NamedTuple):
    """One call of a strategy's method by Freqtrade."""

    strategy: Any
    proceed: Callable[[], Any]
    """Calls the strategy's own method with the arguments that Freqtrade gave, and returns what it returns."""
    given: Mapping[str, Any]
    """The arguments by the names that they have in Freqtrade's `IStrategy`."""


Hook = Callable[[Call], Any]

_SELF = "_cryptoboy_wrapper"
"""The attribute by which a wrapper names itself. A decorator that copies attributes copies it, and is no wrapper."""


def wrap(cls: type, hooks: Mapping[str, Hook]) -> None:
    """Wrap each method of `cls` that `hooks` names, own or inherited, except inherited ones that are wrapped."""
    for name, hook in hooks.items():
        found = inspect.getattr_static(cls, name, None)
        if found is not None and getattr(found, _SELF, None) is not found:
            setattr(cls, name, _wrapper(cls, name, found, hook))


def _wrapper(cls: type, name: str, found: Any, hook: Hook) -> Callable[..., Any]:  # noqa: ANN401 - any descriptor
    is_own = name in vars(cls)
    names = _parameters(name)

    # Named as what it wraps: Freqtrade copies each trade before it calls a method whose name is not IStrategy's.
    @functools.wraps(found)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as Freqtrade calls it
        # An inherited method is looked up at each call: a further base class may have come in between.
        method = _bound(found, self) if is_own else getattr(super(cls, self), name)
        if getattr(type(self), name) is not wrapper:
            return method(*args, **kwargs)
        given = dict(zip(names, args, strict=False)) | kwargs
        return hook(Call(self, functools.partial(method, *args, **kwargs), given))

    setattr(wrapper, _SELF, wrapper)
    return wrapper


def _bound(found: Any, strategy: Any) -> Any:  # noqa: ANN401 - any descriptor, or an object that is only called
    return found.__get__(strategy, type(strategy)) if hasattr(found, "__get__") else found


def _parameters(name: str) -> tuple[str, ...]:
    from freqtrade.strategy import IStrategy

    return tuple(inspect.signature(getattr(IStrategy, name)).parameters)[1:]
