"""What the answers of exchanges say about a key, in the form that each has."""

from __future__ import annotations

from typing import Any

import pytest

from services.common.errors import CannotSay
from services.launch.live.permissions import Rights, rights_of


def exchange(name: str, answer: Any) -> Any:
    """One of ccxt's class of that name, whose every question has this answer."""

    def asked(_self: object, *_: object) -> Any:
        return answer

    import ccxt

    base = getattr(ccxt, name)
    methods = [
        "sapi_get_account_apirestrictions",
        "private_get_v5_user_query_api",
        "private_get_account_config",
        "private_get_user_api_key",
        "private_post_getapikeyinfo",
        "v3_private_get_brokerage_key_permissions",
        "private_post_auth_r_permissions",
    ]
    named = {method: asked for method in methods if hasattr(base(), method)}
    assert named, "ccxt has the question"
    made = base()
    for method in named:
        setattr(made, method, lambda: answer)
    return made


@pytest.mark.parametrize(
    ("name", "answer", "rights"),
    [
        ("binance", {"enableWithdrawals": False, "ipRestrict": True}, Rights((), is_bound=True)),
        ("binance", {"enableWithdrawals": "true"}, Rights(("enableWithdrawals",), is_bound=False)),
        (
            "binanceusdm",
            {"enableWithdrawals": False, "enableSomeNewTransfer": True},
            Rights(("enableSomeNewTransfer",), is_bound=False),
        ),
        (
            "bybit",
            {"result": {"permissions": {"Spot": ["SpotTrade"], "Wallet": ["Withdraw"]}, "ips": ["*"]}},
            Rights(("Withdraw",), is_bound=False),
        ),
        (
            "bybit",
            {"result": {"permissions": {"Spot": ["SpotTrade"], "Wallet": []}, "ips": ["192.0.2.1"]}},
            Rights((), is_bound=True),
        ),
        ("okx", {"data": [{"perm": "read_only,withdraw,trade", "ip": ""}]}, Rights(("withdraw",), is_bound=False)),
        ("okx", {"data": [{"perm": "read_only,trade", "ip": "192.0.2.1"}]}, Rights((), is_bound=True)),
        ("kucoin", {"data": {"permission": "General,Spot,Transfer"}}, Rights(("Transfer",), is_bound=False)),
        ("kucoin", {"data": {"permission": "General,Spot", "ipWhitelist": "192.0.2.1"}}, Rights((), is_bound=True)),
        ("kraken", {"result": {"permissions": ["withdraw-funds"]}}, Rights(("withdraw-funds",), is_bound=False)),
        ("coinbase", {"can_trade": True, "can_transfer": True}, Rights(("can_transfer",))),
        ("coinbase", {"can_trade": True, "can_transfer": False}, Rights(())),
        ("bitfinex", [["account", 1, 0], ["withdraw", 0, 1]], Rights(("withdraw",))),
        ("bitfinex", [["account", 1, 0], ["withdraw", 1, 0]], Rights(())),
    ],
)  # fmt: skip
def test_rights_by_which_money_leaves_are_found(name: str, answer: Any, rights: Rights) -> None:
    assert rights_of(exchange(name, answer)) == rights


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("binance", {}),
        ("binance", {"enableWithdrawals": None}),
        ("binance", "maintenance"),
        ("bybit", {"result": {}}),
        ("okx", {"data": []}),
        ("okx", {"data": [{"perm": ""}]}),
        ("kucoin", {"data": {"permission": " "}}),
        ("kraken", {"result": {"permissions": []}}),
        ("coinbase", {"can_trade": True}),
        ("bitfinex", []),
    ],
)
def test_an_answer_that_does_not_tell_is_never_taken_for_a_no(name: str, answer: Any) -> None:
    with pytest.raises(CannotSay):
        rights_of(exchange(name, answer))


def test_an_exchange_without_the_question_cannot_say() -> None:
    import ccxt

    with pytest.raises(CannotSay):
        rights_of(ccxt.bitstamp())
