from __future__ import annotations

from pathlib import Path

import pytest

from services.common.values import EventType
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import MARKET
from services.sentiment_analyzer.scorers.lexicon.events import EventReader, event_reader
from services.sentiment_analyzer.scorers.lexicon.scorer import Evidence, LexiconScorer


@pytest.mark.parametrize(
    ("headline", "kind"),
    [
        ("SEC sues exchange over unregistered tokens", EventType.ENFORCEMENT),
        ("Senate passes stablecoin bill", EventType.REGULATION),
        ("Court dismisses charges against wallet developer", EventType.REGULATION),
        ("Hackers drain $40M from lending protocol", EventType.HACK),
        ("Bridge exploited for 9,000 ETH", EventType.HACK),
        ("Bitcoin falls after exchange hack", EventType.HACK),
        ("Binance lists Harbour token with four trading pairs", EventType.LISTING),
        ("Kraken to delist privacy coins", EventType.DELISTING),
        ("Canner adds bitcoin to its treasury", EventType.ADOPTION),
        ("Payment giant accepts stablecoins at checkout", EventType.ADOPTION),
        ("Fed holds interest rates steady, bitcoin unmoved", EventType.MACRO),
        ("Tariff fears weigh on stocks and crypto", EventType.MACRO),
        ("Ethereum developers set date for next upgrade", EventType.TECHNOLOGY),
        ("Solana outage ends after validators restart nodes", EventType.TECHNOLOGY),
        ("Bitcoin slides below $60k", EventType.MARKET_MOVE),
        ("Ether rallies 9% to a record high", EventType.MARKET_MOVE),
        ("Founder reflects on a long career", EventType.OTHER),
        ("", EventType.OTHER),
    ],
)
def test_a_headline_tells_what_kind_of_news_it_is(headline: str, kind: EventType) -> None:
    assert event_reader()(headline, "") is kind


def test_the_body_is_asked_only_where_the_headline_does_not_tell() -> None:
    body = "The regulator opened an investigation on Monday."

    assert event_reader()("A bad day for the founder", body) is EventType.REGULATION
    assert event_reader()("Bitcoin slides 4%", body) is EventType.MARKET_MOVE


@pytest.mark.parametrize(
    ("headline", "kind"),
    [
        ("Lender freezes customer accounts", EventType.WITHDRAWAL_HALT),
        ("Lender unfreezes customer accounts", EventType.OTHER),
        ("Tether trades at $0.97", EventType.DEPEG),
        ("Tether trades at $0.97 in Europe. Is it safe?", EventType.OTHER),
        ("Tether trades at $97", EventType.OTHER),
        ("Dogecoin trades at 97 cents", EventType.OTHER),
        ("What is a delisting", EventType.OTHER),
        ("Binance to delist what is left of Terra", EventType.DELISTING),
        ("Police arrest hackers who stole $40M from exchange", EventType.ENFORCEMENT),
        ("Exchange denies theft of $40M", EventType.OTHER),
    ],
)
def test_kinds_that_cost_money_are_found_by_rules_that_other_words_refuse(
    headline: str, kind: EventType
) -> None:
    assert event_reader()(headline, "") is kind


def test_a_body_never_shows_a_kind_that_costs_money() -> None:
    assert event_reader()("A bad day for the founder", "Hackers stole $40M.") is EventType.OTHER


def test_a_headline_of_such_a_kind_is_scored_although_no_word_of_it_has_a_valence() -> None:
    headline = "MIM de-pegs as Curve pool tilts"
    assert LexiconScorer().evidence(headline) == Evidence((), 0)

    found = LexiconScorer().score(ArticleText(headline), [MARKET]).by_ticker["MARKET"]

    assert (found.event_type, found.score, found.confidence) == (EventType.DEPEG, 0.0, 0.1)


def test_the_lexicon_says_it_with_every_score() -> None:
    text = ArticleText("Hackers drain exchange wallet")

    assert LexiconScorer().score(text, [MARKET]).by_ticker["MARKET"].event_type is EventType.HACK


@pytest.mark.parametrize(
    ("terms", "message"), [('["sec", "CFTC"]', "can never be found"), ('["sec"]', "two kinds")]
)
def test_a_mistake_in_the_file_is_told(tmp_path: Path, terms: str, message: str) -> None:
    path = tmp_path / "events.toml"
    path.write_text(
        f'[[kind]]\nname = "hack"\nterms = {terms}\n\n[[kind]]\nname = "macro"\nterms = ["sec"]\n'
    )

    with pytest.raises(ValueError, match=message):
        EventReader(path)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ("", "'stops' is not defined, or no rule uses it"),
        ('stops = ["halt+"]\nfalls = ["falls"]', "'falls' is not defined, or no rule uses it"),
        ('stops = ["can-not"]', "can never be found"),
    ],
)
def test_a_group_that_no_rule_uses_or_defines_is_a_mistake(tmp_path: Path, groups: str, message: str) -> None:
    path = tmp_path / "events.toml"
    path.write_text(
        f'[groups]\n{groups}\n[[rule]]\nkind = "hack"\nall = ["stops"]\n'
        '[[kind]]\nname = "macro"\nterms = ["fed"]\n'
    )

    with pytest.raises(ValueError, match=message):
        EventReader(path)


@pytest.mark.parametrize(
    "word", ["halt", "halts", "halted", "halting", "seized", "seizing", "denies", "denied"]
)
def test_a_verb_with_a_plus_is_found_in_its_regular_forms(tmp_path: Path, word: str) -> None:
    path = tmp_path / "events.toml"
    path.write_text(
        '[groups]\nverbs = ["^ halt+|seize+|deny+"]\n[[rule]]\nkind = "hack"\nall = ["verbs"]\n'
        '[[kind]]\nname = "macro"\nterms = ["fed"]\n'
    )

    assert EventReader(path)(f"{word} it", "") is EventType.HACK
    assert EventReader(path)(f"They {word} it", "") is EventType.OTHER
