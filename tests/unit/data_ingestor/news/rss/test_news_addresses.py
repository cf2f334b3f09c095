from __future__ import annotations

import ipaddress

import httpx
import pytest

from services.common.errors import NeverWorks
from services.data_ingestor.news.rss.addresses import Origin, is_local_name, is_public


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1", True),
        ("64:ff9b::808:808", True),
        ("2002:808:808::", True),
        ("::ffff:8.8.8.8", True),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("192.0.0.192", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("::ffff:10.1.2.3", False),
        ("64:ff9b::a01:203", False),
        ("64:ff9b:1::808:808", False),
        ("2002:a01:203::", False),
        ("2001:0:4136:e378::1", False),
        ("fec0::1", False),
        ("fe80::1%eth0", False),
        ("ff02::1", False),
        ("3fff::1", False),
    ],
)
def test_an_address_is_public_or_not(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("paper.example", False),
        ("PAPER.EXAMPLE.", False),
        ("notlocal.example", False),
        ("mylocal", True),
        ("a.internal.", True),
        ("0x7f000001", True),
        ("8.8.8.8", False),
        ("134744072", False),
    ],
)
def test_a_name_is_local_by_what_is_written(host: str, local: bool) -> None:
    assert is_local_name(host) is local


@pytest.mark.parametrize(
    ("configured", "url", "same"),
    [
        ("http://nas.local/rss", "http://NAS.local./new?a=b", True),
        ("http://nas.local/rss", "https://nas.local/rss", True),
        ("http://nas.local:8080/rss", "http://nas.local:8080/", True),
        ("http://nas.local:8080/rss", "https://nas.local/", False),
        ("http://nas.local/rss", "http://nas.local:6379/", False),
        ("https://nas.local/rss", "https://other.local/", False),
    ],
)
def test_a_place_is_a_host_and_a_port(configured: str, url: str, same: bool) -> None:
    origin = Origin.of(httpx.URL(configured))
    assert origin.is_local
    assert origin.has(httpx.URL(url)) is same
    if not same:
        with pytest.raises(NeverWorks, match="not on the public internet"):
            origin.check(httpx.URL(url))
