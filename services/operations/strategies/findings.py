"""Makes findings of what probe.py answered about a strategy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from services.operations.checks.check import Check
from services.operations.strategies.copies import PACKAGE, copy_in, this_package

Answer = dict[str, Any]
"""The answer of probe.py."""
_INSTALL = "./cryptoboy strategy install --user-data {}"
_LINES = "from cryptoboy_sentiment import SentimentMixin, and class {}(SentimentMixin, IStrategy)"
_BOTS_OWN = "--freqtrade /path/to/your/venv/bin/freqtrade checks your bot's own"
_CLASS = re.compile(r"^class (\w+)\(", re.MULTILINE)
_LONGEST = 1_000


def findings(answer: Answer, user_data: Path, strategies: Path, strategy: str, block: str) -> list[Check]:
    """A finding for each step; what needs a step that failed is left out.

    Args:
        answer: what probe.py answered, and `is_ours`: whether the Freqtrade of this CryptoBoy was taken, unasked.
        user_data: Freqtrade's user directory.
        strategies: the folder of strategies in it.
        strategy: the name of the class.
        block: the line for a configuration that has no block `cryptoboy`.
    """
    checks = [*_about_freqtrade(answer), *_about_the_copy(user_data, strategies, answer)]
    checks += _about_the_strategy(answer, strategy, strategies)
    if not any(check.state == "failed" for check in checks):
        checks += _about_the_news(answer, block)
    return checks


def _problem(answer: Answer, *steps: str) -> str:
    """Why one of these steps failed; empty if none of them did."""
    problem = answer.get("problem", {})
    return str(problem["text"]) if problem.get("step") in steps else ""


def _about_freqtrade(answer: Answer) -> list[Check]:
    if text := _problem(answer, "freqtrade"):
        return [Check("freqtrade", "failed", text, "name the Freqtrade of your bot: --freqtrade PATH")]
    version = answer["freqtrade"]
    found = f"{version}, run by {answer['python']}"
    from cryptoboy_sentiment.version import describe_freqtrade  # with pandas, which takes seconds

    if difference := describe_freqtrade(version):
        return [Check("freqtrade", "warning", f"{found}. {difference}")]
    if answer["is_ours"]:
        found += ": CryptoBoy's own, which has all packages; your bot's may lack one, such as redis"
        return [Check("freqtrade", "warning", found, _BOTS_OWN)]
    return [Check("freqtrade", "ok", found)]


def _about_the_copy(user_data: Path, strategies: Path, answer: Answer) -> list[Check]:
    name, remedy = f"package {PACKAGE}", _INSTALL.format(user_data)
    used = answer.get("package")
    if (strategies / PACKAGE).is_symlink():
        return [Check(name, "ok", f"{strategies / PACKAGE} is a link to {(strategies / PACKAGE).resolve()}")]
    copy, ours = copy_in(strategies), this_package()
    if copy is None:
        if used:
            found = f"is not in {strategies}; {used['folder']} was used, which the bot may not have"
            return [Check(name, "warning", found, remedy)]
        return [Check(name, "failed", f"is not in {strategies}", remedy)]
    if copy.files != ours.files:
        found = f"{copy.version} in {strategies} differs from {ours.version} of this CryptoBoy"
        return [Check(name, "warning", found, remedy)]
    return [Check(name, "ok", f"{copy.version}, as in this CryptoBoy")]


def _about_the_strategy(answer: Answer, strategy: str, strategies: Path) -> list[Check]:
    if text := _problem(answer, "configuration"):
        return [Check("configuration", "failed", text[:_LONGEST], "correct the file; --config names another")]
    if text := _problem(answer, "strategy"):
        said = "\n".join([text, *answer["log"]])[:_LONGEST]
        known = ", ".join(_classes(strategies)) or "none"
        remedy = f"correct what Freqtrade says; classes in {strategies}: {known}"
        return [Check(f"strategy {strategy}", "failed", said, remedy)]
    if "strategy" not in answer:
        return []
    loaded = Check(f"strategy {strategy}", "ok", f"loads from {answer['strategy']['file']}")
    if answer["has_mixin"]:
        return [loaded, Check("mixin", "ok", f"is there; timeframe {answer['strategy']['timeframe']}")]
    return [loaded, Check("mixin", "failed", "the strategy does not have it", _LINES.format(strategy))]


def _classes(strategies: Path) -> list[str]:
    """The names of the classes in the files of a folder of strategies."""
    files = sorted(strategies.glob("*.py"))
    return [name for file in files for name in _CLASS.findall(file.read_text(errors="replace"))]


def _about_the_news(answer: Answer, block: str) -> list[Check]:
    if text := _problem(answer, "settings"):
        return [Check("settings", "failed", text, "correct the block `cryptoboy` of the configuration")]
    if text := _problem(answer, "source", "rules"):
        return [Check("source", "failed", text[:_LONGEST], "correct `source` in the block `cryptoboy`")]
    source = _about_the_source(answer)
    checks = [_about_the_settings(answer, block), source]
    return (
        checks
        if source.state == "failed"
        else [*checks, _about_the_pairs(answer), *_about_the_signals(answer)]
    )


def _about_the_settings(answer: Answer, block: str) -> Check:
    settings = answer["settings"]
    found = f"use {', '.join(settings['use'])}; source {settings['source']}"
    if answer["has_block"]:
        return Check("settings", "ok", found)
    found = f"the configuration has no block `cryptoboy`, so this holds: {found}"
    return Check("settings", "warning", found, f"add to the configuration: {block}")


def _about_the_source(answer: Answer) -> Check:
    source, asked = answer["source"], len(answer["pairs"])
    if asked and len(source["unreadable"]) == asked:
        said = "; ".join(answer["log"][-2:]) or "it does not answer"
        remedy = "start it (./cryptoboy up --no-bot), or correct `source`"
        if not answer["has_block"]:
            remedy = "add the block `cryptoboy`; ./cryptoboy up --no-bot makes the signals"
        return Check("source", "failed", said[:_LONGEST], remedy)
    if source["entries"] != "open":
        owners = ", ".join(source["holds"])
        found = f"answers, and entries are {source['entries']}{owners and f' by {owners}'}"
        return Check("source", "warning", found, "./cryptoboy sentiment says why, ./cryptoboy resume ends it")
    return Check("source", "ok", "answers, and entries are open")


def _about_the_pairs(answer: Answer) -> Check:
    pairs: list[Answer] = answer["pairs"]
    if not pairs:
        methods = ", ".join(map(str, answer["pairs_method"])) or "none"
        found = f"the configuration names no pairs (pairlists: {methods})"
        return Check("pairs", "unknown", found, "--pairs BTC/USDT,ETH/USDT looks at these")
    if any(each["served_by"] is None for each in pairs):
        return Check(
            "pairs", "unknown", "the source does not say which are scored", "see their signals below"
        )
    if without := [each["pair"] for each in pairs if not each["served_by"]]:
        found = f"nobody scores {', '.join(without)}, so no news of them blocks or closes anything"
        return Check("pairs", "warning", found, "add them to TRADING_PAIRS of the services")
    others = [
        f"{each['pair']} by {each['served_by'][0]}" for each in pairs if each["served_by"][0] != each["pair"]
    ]
    return Check("pairs", "ok", ", ".join([f"all {len(pairs)} are scored", *others]))


def _about_the_signals(answer: Answer) -> list[Check]:
    """A warning if there was no news at all; nothing if there was."""
    pairs: list[Answer] = answer["pairs"]
    if not pairs or any(each["signals"] for each in pairs):
        return []
    found = "no signal of any pair in 24 h, so no entry can be judged by news"
    if "://" not in answer["settings"]["source"] and ".csv" in answer["settings"]["source"]:
        remedy = "a sentiment CSV is for backtests: does it end before yesterday?"
    else:
        remedy = (
            "./cryptoboy doctor says whether the feeds answer; the first hours after `up` may have no news"
        )
    return [Check("signals", "warning", found, remedy)]
