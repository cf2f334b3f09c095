from __future__ import annotations

from pathlib import Path

import pytest

from services.common.errors import StopProgram
from services.common.settings.settings import Settings
from services.notifier.happening import Kind
from services.notifier.rules.load import load_rules, preset_rules, rules_of

PAIRS = ("BTC/USDT", "ETH")


def refusal(text: str) -> str:
    with pytest.raises(StopProgram) as refused:
        rules_of(text, "notify.toml", ("phone", "mail"), PAIRS)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("preset = 'loud'", "notify.toml:1: preset: Input should be 'quiet', 'normal', 'everything' or 'none'"),
        ("\nprset = 'quiet'", "notify.toml:2: prset: prset is not known here; did you mean preset?"),
        ("[[rules]]\nname='a'\nkind=['story']", "notify.toml:3: rules 1, kind: kind is not known here; did you mean"),
        ("[[rules]]\nname='a'\n[[rules]]\nname='b'\nkinds=['gossip']", "notify.toml:5: rules 2, kinds 1: Input"),
        ("[[rules]]\nkinds=['story']", "notify.toml:1: rules 1, name: Field required"),
        ("quiet_hours = '22-7'", "notify.toml:1: quiet_hours: '22-7' is no period such as 22:00-07:00"),
        ("quiet_hours = '07:00-07:00'", "'07:00-07:00' begins when it ends"),
        ("timezone = 'Mars'", "notify.toml:1: timezone: 'Mars' is no time zone such as Europe/Berlin"),
        ("[channels.phone]\nper_minute = 0", "notify.toml:2: channels phone, per_minute: Input should be greater"),
        ("[channels.fax]", "notify.toml:1: channels fax: there is no channel fax in NOTIFY_URLS; there is mail, phone"),
        ("[channels.phone]\nescalate_to = 'phone'", "phone is no other channel"),
        ("[watch]\nmood = 0.3\nhysteresis = 0.6", "notify.toml:3: watch hysteresis: a mood would not end before"),
        ("a =", "notify.toml is no TOML: Invalid value (at end of document)"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_its_line_and_the_reason(text: str, said: str) -> None:
    assert said in refusal(text)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("kinds=['entry']\nstrength=0.5", ":4: rules 1, strength: entry has no strength; mood, story has"),
        ("score_from=0.5\nscore_to=-0.5", ":3: rules 1, score_from: no score is from 0.5 to -0.5"),
        (
            "score_from=-0.2\nscore_to=0.2\nstrength=0.7",
            "no score between score_from and score_to is as strong",
        ),
        (
            "pairs=['DOGE/USDT']",
            ":3: rules 1, pairs: TRADING_PAIRS has none of DOGE/USDT, only BTC/USDT, ETH",
        ),
        ("to=['fax']", ":3: rules 1, to: there is no channel fax; there is mail, phone"),
        ("kinds=['profit']\nchange=40", ":4: rules 1, change: the largest step of [watch] is 25"),
        ("kinds=['digest']", "digest is not told by rules"),
        ("kinds=['dead_letter']\nsources=['Wire']", "dead_letter has no sources"),
        ("kinds=['mood']\nleast='urgent'", ":4: rules 1, least: mood is never urgent; exit, hold_set, loss"),
        ("kinds=['dead_letter']\nleast='notable'", "dead_letter is never notable"),
        ("change=5\nstrength=0.5", ":1: rules 1: no kind has all of strength, change"),
        (
            "kinds=['exit', 'story']\nchange=5\nstrength=0.5",
            ":1: rules 1: no kind of these has all of strength, change",
        ),
    ],
)
def test_a_rule_that_can_never_fire_is_refused(rule: str, said: str) -> None:
    assert said in refusal(f"[[rules]]\nname='a'\n{rule}")


@pytest.mark.parametrize(
    "rule",
    [
        "kinds=['entry', 'loss']\npairs=['DOGE/USDT']",
        "kinds=['exit', 'story']\nchange=5",
        "kinds=['story', 'mood']\nstrength=0.5\nleast='urgent'",
        "least='urgent'\npairs=['BTC']\nsources=['Wire']",
    ],
)
def test_a_rule_that_may_fire_is_accepted(rule: str) -> None:
    rules_of(f"[[rules]]\nname='a'\n{rule}", "notify.toml", ("phone", "mail"), ("BTC/USDT", "ETH"))


def test_a_rule_behind_one_that_selects_all_that_it_selects_is_refused() -> None:
    text = "[[rules]]\nname='all of BTC'\npairs=['BTC']\n[[rules]]\nname='b'\npairs=['BTC']\nstrength=0.5"
    assert "notify.toml:4: rules 2: the rule 'all of BTC' before it selects all that it selects" in refusal(
        text
    )


def test_a_rule_for_what_a_channel_is_never_told_is_refused() -> None:
    text = "[channels.phone]\nimportance='urgent'\n[[rules]]\nname='a'\nto=['phone']\nimportance='info'"
    assert "notify.toml:6: rules 1, importance: phone is told nothing that is only info" in refusal(text)


def test_all_faults_are_said_at_once_in_the_order_of_their_lines() -> None:
    lines = refusal("[[rules]]\nname='a'\nto=['fax']\npairs=['X']").splitlines()[1:]
    assert [line.split(":")[1] for line in lines] == ["3", "4"]


@pytest.mark.parametrize("name", ["quiet", "normal", "everything"])
def test_every_preset_is_a_file_of_rules_of_its_own(name: str) -> None:
    assert rules_of(f"preset='{name}'", "x", ("phone",), PAIRS).rules == preset_rules(name)
    assert preset_rules(name)


def test_rules_of_the_file_come_before_those_of_its_preset() -> None:
    rules = rules_of("[[rules]]\nname='mine'\nkinds=['mood']", "x", ("phone",), PAIRS)
    assert [rule.name for rule in rules.rules] == ["mine", *(rule.name for rule in preset_rules("normal"))]
    assert rules.rules[0].kinds == (Kind.MOOD,)


def test_without_a_file_the_preset_normal_is_in_force() -> None:
    settings = Settings.load({"NOTIFY_URLS": "phone=json://localhost/"}, None)
    assert load_rules(settings.changed()).rules == preset_rules("normal")


def test_a_file_that_is_named_and_missing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notify.toml"
    settings = Settings.load({"NOTIFY_URLS": "phone=json://x/", "NOTIFY_RULES_FILE": str(path)}, None)
    with pytest.raises(StopProgram, match=r"NOTIFY_RULES_FILE=.*cannot be read"):
        load_rules(settings)
