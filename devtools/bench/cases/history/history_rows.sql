-- Fills a history of SQLite: :signals signals, one each :apart microseconds from :begin; numbers stand in for what news has.
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :signals / 2)
INSERT INTO articles (article_id, source, owner, title, link, summary, content, published, fetched, weight, hidden_text,
    recorded)
SELECT printf('%032x', i), 'source' || (i * 7919 % 40), '', 'Outflow of coins ' || i, 'https://news.example/' || i, '',
    printf('%.600c', 'x'), :begin + 2 * i * :apart, :begin + 2 * i * :apart, 1, 0, :begin + 2 * i * :apart
FROM n;

WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :signals / 2)
INSERT INTO scorings (article_id, outcome, reason, story, suspicions, model, digest, answer, scored, recorded)
SELECT printf('%032x', i), iif(i % 5, 'scored', 'retold'), '', printf('%032x', i - i % 5), '[]', 'lexicon', '',
    printf('%.120c', 'x'), :begin + 2 * i * :apart, :begin + 2 * i * :apart
FROM n;

WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :signals)
INSERT INTO signals (article_id, pair, model, revision, source, headline, sentiment_score, sentiment_label, published,
    analyzed_at, available_at, recorded, confidence, rationale, scope, degraded, event_type, corroboration, weight, owner,
    suspected)
SELECT printf('%032x', i / 2), 'COIN' || (i * 31 % 30) || '/USDT', 'lexicon', i % 2, 'source' || (i * 7919 % 40),
    'Outflow of coins', (i * 37 % 201 - 100) / 100.0, 'neutral', :begin + i * :apart, :begin + i * :apart,
    :begin + i * :apart, :begin + i * :apart, 0.5, '', iif(i % 9, 'asset', 'market'), 0, iif(i % 17, 'other', 'hack'), 0, 1,
    '', 0
FROM n;

WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :signals / 2)
INSERT INTO candles (symbol, timeframe, opened, open, high, low, close, volume, collected, recorded)
SELECT 'COIN3/USDT', '1m', :begin + 2 * i * :apart, 1, 1, 1, 1, 1, :begin + 2 * i * :apart, :begin + 2 * i * :apart
FROM n;

INSERT INTO events (kind, key, pair, source, at, row)
SELECT 'signal', article_id, pair, source, recorded, id FROM signals;

WITH horizons(hours) AS (VALUES (1), (4), (24))
INSERT INTO outcomes (article_id, pair, model, revision, horizon, available_at, entered, entry_price, exit_price, change,
    symbol, timeframe, control, controls)
SELECT article_id, pair, model, revision, hours, available_at, available_at, 1, 1, (id % 21 - 10) / 1000.0, pair, '1m',
    (id % 13 - 6) / 1000.0, 9
FROM signals, horizons WHERE id > :signals - :signals / 10
