"""The checks before live trading, for `up` and for `trade`. All faults are shown at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from services.common.errors import StopProgram, TryLater
from services.common.settings.settings import Settings
from services.launch.freqtrade.open_trades import open_pairs
from services.launch.live.exchange import exchange_findings
from services.launch.live.files import file_findings, folder_findings
from services.launch.live.findings import Finding, Severity, fault
from services.launch.live.servers import rabbitmq_findings, redis_findings

Say = Callable[[str], None]


LiveChecks = Mapping[str, Callable[[], Sequence[Finding]]]
"""The checks by name; each returns its findings and raises nothing."""


def live_checks(settings: Settings, environ: Mapping[str, str], *, i_know: bool = False) -> LiveChecks:
    """All checks, in the order in which they are shown; `doctor` makes the same checks."""
    is_sure = i_know or settings.live_keys_cannot_withdraw
    checks: LiveChecks = {
        "redis": lambda: redis_findings(settings),
        "rabbitmq": lambda: rabbitmq_findings(settings),
        "files": lambda: [*file_findings(environ), *folder_findings(settings.state_dir)],
        "exchange": lambda: exchange_findings(settings, is_sure=is_sure),
    }
    return {name: partial(_findings, name, check) for name, check in checks.items()}


def _findings(name: str, check: Callable[[], Sequence[Finding]]) -> Sequence[Finding]:
    """Make a check and turn its exception into a fault, so that Freqtrade can still start to manage open trades."""
    try:
        return check()
    except StopProgram as error:
        return [fault(str(error), "correct what it names")]
    except Exception as error:  # noqa: BLE001 - what a library may raise nobody can list
        text = f"{name} could not be checked ({type(error).__name__})"
        return [fault(text, "./cryptoboy doctor may say more; correct the variables of it")]


def check_live(
    settings: Settings, trades_file: Path, environ: Mapping[str, str], say: Say, *, i_know: bool = False
) -> bool:
    """Make all checks, and refuse live trading with a list of all faults.

    While trades are open Freqtrade starts in any case, because without it they have no stop loss and no exit. Faults
    then only prevent new entries, until they are fixed and Freqtrade is restarted.

    Args:
        settings: the settings of the run.
        trades_file: Freqtrade's database of live trades.
        environ: the variables of this process.
        say: shows one line to a person.
        i_know: the operator confirms the permissions of the keys, see `exchange_findings`.

    Returns:
        Whether new entries may be made.

    Raises:
        StopProgram: a check found a fault, and no trade is open.
        TryLater: no trade is open, and a server that has to be asked does not answer.
    """
    found = [each for check in live_checks(settings, environ, i_know=i_know).values() for each in check()]
    faults = [each for each in found if each.severity is Severity.FAULT]
    unknown = [each for each in found if each.severity is Severity.AWAY]
    trades = open_pairs(trades_file)
    if trades == frozenset():
        _refuse(faults, unknown)
    for each in found:
        say(f"WARNING: {each}")
    if faults:
        say(
            f"trades are open in {', '.join(sorted(trades or ())) or 'a database that cannot be read'}: Freqtrade "
            "starts for their exits only (state `paused`). NO NEW ENTRIES until this is fixed and it is restarted"
        )
    return not faults


def _refuse(faults: Sequence[Finding], unknown: Sequence[Finding]) -> None:
    lines = "".join(f"\n  - {each}" for each in (*faults, *unknown))
    if faults:
        raise StopProgram(f"real money is not traded like this; nothing was started:{lines}")
    if unknown:
        raise TryLater(f"it could not be checked whether real money is safe; nothing was started:{lines}")
