"""Whoever runs a source, sits on the way to it, or answers for its name leads the poller to what only this machine can
reach: its own services, its network, the address that tells a virtual machine its secrets."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.common.errors import CryptoBoyError, NeverWorks, TryLater
from services.data_ingestor.news.rss import addresses as news_addresses
from services.data_ingestor.news.rss.addresses import Origin, is_public
from services.data_ingestor.news.rss.fetch import FeedRequest, Fetched, fetch
from services.operations.secrets.certificates import CA_FILE, CERTIFICATE_FILE, KEY_FILE, make_certificates
from tests.support.news.news_feed_server import FeedServer, reply
from tests.support.news.news_samples import NOW, Item, rss

FEED = rss([Item()])
PUBLIC = "93.184.215.14"
Names = Callable[..., None]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """What names mean from now on; of several answers each is given once, the last one for ever."""
    known: dict[str, list[list[str]]] = {}
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in known:
            return real(host, port, *rest, **more)
        answers = known[name].pop(0) if len(known[name]) > 1 else known[name][0]
        return [entry for address in answers for entry in real(address, port, *rest, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return lambda name, *answers: known.update({name: [list(answer) for answer in answers]})


@pytest.fixture
def loopback_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """127.0.0.1 and 127.0.0.2 stand for the public internet, of which there is none here."""
    there = {ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("127.0.0.2")}
    monkeypatch.setattr(news_addresses, "is_public", lambda address: address in there or is_public(address))


def request(url: str, *, own_network: bool = False) -> FeedRequest:
    return FeedRequest(url, "Reader/1", 10.0, 1_000_000, NOW, own_network=own_network)


def port_of(feed_server: FeedServer) -> str:
    return feed_server.url.rpartition(":")[2]


LOCAL = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.0.0.1.",
    "0.0.0.0", "0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "2852039166",
    "0xa9fea9fe", "100.100.100.200", "168.63.129.16", "192.0.0.192", "224.0.0.1", "255.255.255.255", "198.18.0.1",
    "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::1]", "[2002:7f00:1::]", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[fec0::1]", "[ff02::1]",
    "[::127.0.0.1]", "[2001:db8::1]",
    "localhost", "LOCALHOST.", "localhost.localdomain", "ip6-localhost", "feed.localhost", "router", "redis",
    "nas.local", "metadata.google.internal", "redis.default.svc", "router.lan", "fritz.home.arpa",
    "localhost\u3002",
]  # fmt: skip  # a table of hosts


@pytest.mark.parametrize("host", LOCAL)
def test_a_public_feed_leads_to_no_host_that_is_not_public(host: str) -> None:
    origin = Origin.of(httpx.URL("http://paper.example/rss"))
    with pytest.raises(
        (NeverWorks, httpx.InvalidURL), match=r"not on the public internet|Invalid IPv4 address"
    ):
        origin.check(httpx.URL(f"http://{host}:6379/rss"))


@pytest.mark.parametrize(
    "host", ["8.8.8.8", "[2606:4700::1]", "[64:ff9b::808:808]", "[::ffff:8.8.8.8]", "cdn.example"]
)
def test_a_public_feed_may_move_to_a_public_host(host: str) -> None:
    Origin.of(httpx.URL("http://paper.example/rss")).check(httpx.URL(f"http://{host}/rss"))


@pytest.mark.usefixtures("loopback_is_public")
@pytest.mark.parametrize(
    "host", ["10.0.0.1", "169.254.169.254", "2852039166", "[::1]", "[::ffff:10.0.0.1]", "router"]
)
def test_a_redirect_to_the_own_network_is_refused_before_anything_is_asked(
    feed_server: FeedServer, names: Names, host: str
) -> None:
    names("paper.example", ["127.0.0.1"])
    feed_server.set(
        "/rss", reply(status=302, Location=f"http://me:hidden@{host}/latest/meta-data?key=hidden")
    )
    with pytest.raises(NeverWorks, match="not on the public internet") as caught:
        fetch(request(f"http://paper.example:{port_of(feed_server)}/rss"))
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe"]
)
def test_a_name_that_means_an_address_that_is_not_public_is_not_connected_to(
    feed_server: FeedServer, names: Names, address: str
) -> None:
    names("paper.example", [PUBLIC, address])  # one of several is enough
    feed_server.set("/rss", reply(FEED))
    with pytest.raises(TryLater, match=r"not on the public internet.* own_network = true"):
        fetch(request(f"http://paper.example:{port_of(feed_server)}/rss"))
    assert feed_server.requests == []


@pytest.mark.usefixtures("loopback_is_public")
def test_a_redirect_to_a_name_that_means_the_own_network_is_refused(
    feed_server: FeedServer, names: Names
) -> None:
    names("paper.example", ["127.0.0.1"])
    names("evil.example", ["10.0.0.1"])
    feed_server.set("/rss", reply(status=302, Location="http://evil.example/rss"))
    with pytest.raises(TryLater, match=r"redirects to .* evil\.example resolves to 10\.0\.0\.1"):
        fetch(request(f"http://paper.example:{port_of(feed_server)}/rss"))


@pytest.mark.usefixtures("loopback_is_public")
def test_the_connection_goes_to_the_address_that_was_checked(feed_server: FeedServer, names: Names) -> None:
    names("paper.example", ["127.0.0.1"], ["127.0.0.2"])  # what a second question would find
    url = feed_server.set("/rss", reply(FEED)).replace("127.0.0.1", "paper.example")
    answer = fetch(request(url))
    assert isinstance(answer, Fetched)
    assert (answer.body, answer.url) == (FEED, url)
    assert feed_server.asked("/rss")[0]["Host"] == f"paper.example:{port_of(feed_server)}"


@pytest.mark.usefixtures("loopback_is_public")
def test_of_several_addresses_the_next_is_tried(feed_server: FeedServer, names: Names) -> None:
    names("paper.example", ["127.0.0.2", "127.0.0.1"])  # nobody listens at the first
    url = feed_server.set("/rss", reply(FEED)).replace("127.0.0.1", "paper.example")
    assert isinstance(fetch(request(url)), Fetched)


@pytest.mark.usefixtures("loopback_is_public")
@pytest.mark.parametrize(("host", "is_trusted"), [("paper.example", True), ("evil.example", False)])
def test_the_certificate_is_checked_by_the_name(
    names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, is_trusted: bool
) -> None:
    make_certificates(tmp_path, ["paper.example"])
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / CA_FILE))
    names(host, ["127.0.0.1"])
    with FeedServer() as feed_server:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(tmp_path / CERTIFICATE_FILE, tmp_path / KEY_FILE)
        asked: list[str] = []
        context.sni_callback = lambda _socket, name, _context: asked.append(name)
        feed_server.use_tls(context)
        feed_server.set("/rss", reply(FEED))
        url = f"https://{host}:{port_of(feed_server)}/rss"
        if is_trusted:
            assert isinstance(fetch(request(url)), Fetched)
        else:
            with pytest.raises(TryLater, match="CERTIFICATE_VERIFY_FAILED"):
                fetch(request(url))
        assert asked == [host]


def test_a_feed_on_the_own_network_stays_where_it_is(feed_server: FeedServer) -> None:
    final = feed_server.set("/new", reply(FEED))
    url = feed_server.set("/rss", reply(status=301, Location="/new"))
    answer = fetch(request(url))
    assert isinstance(answer, Fetched)
    assert answer.url == final


@pytest.mark.parametrize(
    "other", ["http://127.0.0.2:PORT/rss", "http://localhost:PORT/rss", "http://127.0.0.1:6379/"]
)
def test_a_feed_on_the_own_network_leads_to_no_other_place_of_it(feed_server: FeedServer, other: str) -> None:
    url = feed_server.set("/rss", reply(status=301, Location=other.replace("PORT", port_of(feed_server))))
    with pytest.raises(NeverWorks, match="not on the public internet"):
        fetch(request(url))
    assert len(feed_server.requests) == 1


def test_a_name_on_the_own_network_is_read_if_the_operator_says_so(
    feed_server: FeedServer, names: Names
) -> None:
    names("feeds.company.example", ["127.0.0.1"])
    url = feed_server.set("/rss", reply(FEED)).replace("127.0.0.1", "feeds.company.example")
    assert isinstance(fetch(request(url, own_network=True)), Fetched)


@pytest.mark.parametrize("host", LOCAL)
def test_through_a_proxy_what_stands_in_the_address_is_checked(
    feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", feed_server.url)
    feed_server.set(
        "http://paper.example/rss",
        reply(status=302, Location=f"http://{host}/rss".encode().decode("latin-1")),
    )
    with pytest.raises(CryptoBoyError, match=r"not on the public internet|cannot be fetched: InvalidURL"):
        fetch(request("http://paper.example/rss"))
    assert [path for path, _ in feed_server.requests] == ["http://paper.example/rss"]
