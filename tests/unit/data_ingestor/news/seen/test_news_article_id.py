from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.data_ingestor.news.seen.article_id import article_id, canonical_link, former_id, normal_title

PLAIN = "https://paper.example/2026/bitcoin-climbs"


@pytest.mark.parametrize(
    "link",
    [
        "http://paper.example/2026/bitcoin-climbs",
        "https://www.paper.example/2026/bitcoin-climbs",
        "https://PAPER.example/2026/bitcoin-climbs",
        "https://paper.example:443/2026/bitcoin-climbs",
        "http://paper.example:80/2026/bitcoin-climbs",
        "https://paper.example./2026/bitcoin-climbs",
        "https://paper.example/2026/bitcoin-climbs/",
        "https://paper.example/2026/bitcoin-climbs#comments",
        "https://paper.example/2026/bitcoin-climbs?utm_source=rss&utm_medium=feed",
        "https://paper.example/2026/bitcoin-climbs?fbclid=abc",
        "https://paper.example/2026/bitcoin%2Dclimbs",
        "https://me:pw@paper.example/2026/bitcoin-climbs",
        "  https://paper.example/2026/bitcoin-climbs\n",
    ],
)
def test_what_does_not_change_the_page_does_not_change_the_id(link: str) -> None:
    assert canonical_link(link) == "paper.example/2026/bitcoin-climbs"
    assert article_id(link, "paper", "Another title") == article_id(PLAIN, "paper", "A title")


@pytest.mark.parametrize(
    "link",
    [
        "https://news.paper.example/2026/bitcoin-climbs",
        "https://paper.example:8443/2026/bitcoin-climbs",
        "https://paper.example/2026/Bitcoin-climbs",
        "https://paper.example/2026/bitcoin-climbs?page=2",
        "https://paper.example/2026%2Fbitcoin-climbs",
    ],
)
def test_what_may_change_the_page_changes_the_id(link: str) -> None:
    assert article_id(link, "paper", "A title") != article_id(PLAIN, "paper", "A title")


def test_a_front_page_identifies_no_article() -> None:
    for link in (
        "https://paper.example",
        "https://www.paper.example/",
        "http://paper.example/#top",
        "https://a.example/#!/",
    ):
        assert article_id(link, "paper", "A title") == article_id("", "paper", "A title")


def test_a_fragment_counts_where_a_script_reads_it_as_a_path() -> None:
    routes = ["#!/a", "#!/b", "#/a", "#/b", "?p=1#!/a"]
    assert len({article_id("https://a.example/" + route, "paper", "A title") for route in routes}) == len(
        routes
    )
    assert canonical_link("https://a.example/app/#!/news/7/") == "a.example/app#!/news/7"
    assert canonical_link("https://a.example/app#top") == "a.example/app"


def test_parameters_count_in_any_order() -> None:
    assert canonical_link("https://a.example/?p=7&b=&utm_id=1") == canonical_link("https://a.example?b=&p=7")
    assert canonical_link("https://a.example/?p=7") != canonical_link("https://a.example/?p=8")


@pytest.mark.parametrize("link", ["", "bitcoin", "mailto:desk@paper.example", "https://", "https://[", "/a"])
def test_without_a_usable_link_the_id_comes_from_source_and_title(link: str) -> None:
    assert canonical_link(link) == ""
    same = article_id(link, "paper", "Bitcoin climbs!")
    assert same == article_id("", "paper", "  BITCOIN   climbs ")
    assert same != article_id("", "other", "Bitcoin climbs!")
    assert same != article_id("", "paper", "Bitcoin falls!")


def test_a_title_of_signs_only_still_has_an_identity() -> None:
    assert normal_title(" 🚀  🚀 ") == "🚀 🚀"
    assert article_id("", "paper", "🚀") != article_id("", "paper", "🔥")


def test_the_id_of_a_known_article_stays_the_same() -> None:
    # Stored ids depend on it: a failure here means that every article would be published once more.
    assert article_id(PLAIN + "?b=2&a=1", "paper", "A title") == "efaa6fa6ffd1290dc149e7e9f04fc8a5"
    assert article_id("", "paper", "Bitcoin climbs") == "81f6ce231bc2d12b40045b7230d18a34"


def test_the_id_of_former_releases_is_that_of_the_link_alone() -> None:
    assert former_id(PLAIN + "?b=2&a=1") == "fbb6e2b5a9c2cca0bf70c32362b8306c"
    assert former_id("") == former_id("https://paper.example/") == ""


@pytest.mark.parametrize("link", [PLAIN, "https://paper.example/", ""])
def test_what_two_sources_list_is_an_article_of_each(link: str) -> None:
    assert article_id(link, "paper", "A title") != article_id(link, "other", "A title")


def test_with_a_link_the_case_of_a_sources_name_does_not_matter() -> None:
    assert article_id(PLAIN, "CoinDesk", "A title") == article_id(PLAIN, "coindesk", "A title")


urls = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["http", "https"]),
    st.sampled_from(["a.example", "www.b.example", "WWW.C.example:8080", "d.example:443"]),
    st.text(max_size=30).map(lambda text: "/" + text),
    st.text(max_size=30).map(lambda text: "?" + text if text else ""),
)


@given(urls)
def test_a_canonical_link_is_its_own_canonical_link(url: str) -> None:
    canonical = canonical_link(url)
    assume(canonical)
    scheme = url.partition(":")[0]
    assert canonical_link(f"{scheme}://{canonical}") == canonical


@given(st.text(), st.text(), st.text())
def test_any_input_has_an_id_of_thirty_two_hexadecimal_digits(link: str, source: str, title: str) -> None:
    assert re.fullmatch("[0-9a-f]{32}", article_id(link, source, title))
