"""Decides whether an article is about crypto by searching for keywords as whole words.

The sources write about crypto, but some of their articles have other subjects, such as games, gadgets and politics.
The filter drops these articles. An article is about crypto if it contains one term that always means crypto, or two
different terms that also have other meanings.
"""

from __future__ import annotations

import re

LOOKED_AT = 4_000
"""The number of characters of the body that are searched. The subject of an article is named at its beginning."""

# Terms are separated by commas; each is found as a whole word or phrase, in the plural too (with -s).

# Each of these means crypto wherever it stands, in capitals or not.
CLEAR_TERMS = """
    crypto, cryptocurrency, cryptocurrencies, blockchain, altcoin, memecoin, meme coin, stablecoin, digital asset,
    virtual asset, digital currency, digital currencies, cbdc, web3, defi, decentralized finance, decentralised finance,
    dex, nft, non-fungible, dapp, smart contract, on-chain, onchain, off-chain, layer-2, layer 2, layer-1, rollup,
    hashrate, hash rate, proof of work, proof-of-work, proof of stake, proof-of-stake, halving, hodl, hodler, satoshi,
    nakamoto, vitalik, ordinals, airdrop, tokenization, tokenisation, tokenized, tokenised, tokenomics, staking,
    restaking, cold wallet, hardware wallet, seed phrase, lightning network,

    bitcoin, ethereum, ether, litecoin, dogecoin, shiba inu, cardano, solana, ripple, polkadot, chainlink, monero,
    zcash, toncoin, hyperliquid, uniswap, aave, arbitrum, tether, pi network, bnb chain, polygon labs,
    world liberty financial,

    btc, eth, xrp, bnb, usdt, usdc, doge, shib, ltc, trx, xlm, xmr, avax, wbtc, steth,

    binance, coinbase, bitfinex, bitstamp, bybit, okx, kucoin, bitget, upbit, mt. gox, mt gox, ftx, grayscale,
    microstrategy, metaplanet, metamask, polymarket
"""

# Tickers that are words or names as well: only in capitals, as the trade writes them.
CAPITAL_TERMS = "SOL, ADA, DOT, LINK, TON, SUI, NEAR, PEPE, APT, HBAR, ICP, DAO, RWA, DAI"

# These have other meanings too: two different ones count as crypto.
HINTS = """
    token, coin, wallet, mining, miner, ledger, exchange, protocol, validator, mainnet, testnet, fork, gas fee,
    liquidity pool, yield farming, bridge, rug pull, whale, bull run, kraken, circle, etf, sec, cftc, custody, mica,
    genius act, clarity act
"""


def _whole_words(terms: str, flags: re.RegexFlag) -> re.Pattern[str]:
    longest_first = sorted((term.strip() for term in terms.split(",")), key=len, reverse=True)
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest_first)) + r")s?(?!\w)", flags)


_CLEAR = _whole_words(CLEAR_TERMS, re.IGNORECASE)
_CAPITAL = _whole_words(CAPITAL_TERMS, re.NOFLAG)
_HINTS = _whole_words(HINTS, re.IGNORECASE)


def is_relevant(title: str, body: str) -> bool:
    """Whether an article with this title and body is about crypto. The body is plain text and may be empty."""
    text = f"{title}\n{body[:LOOKED_AT]}"
    if _CLEAR.search(text) or _CAPITAL.search(text):
        return True
    return len({found.lower().removesuffix("s") for found in _HINTS.findall(text)}) > 1
