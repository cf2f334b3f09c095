-- The role `notifier`: reads the history, and writes what the notifier keeps in it. For a HISTORY_URL of the notifier's own.
-- Run as the owner of the history, after the recorder has made or migrated its tables:
--   psql postgresql://cryptoboy@HOST/cryptoboy -f deploy/postgresql/notifier.sql
--   psql postgresql://cryptoboy@HOST/cryptoboy -c '\password notifier'
DO $$ BEGIN
    CREATE ROLE notifier LOGIN;
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;
GRANT USAGE ON SCHEMA public TO notifier;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO notifier;
GRANT INSERT, UPDATE, DELETE ON notifications, briefs, price_alerts, mutes, controls, cursors TO notifier;
GRANT USAGE ON SEQUENCE notifications_id_seq, briefs_id_seq, price_alerts_id_seq, mutes_id_seq, controls_id_seq TO notifier;
