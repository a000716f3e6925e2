-- A commit appends to `events` alone; the other tables follow when nobody waits.

ALTER TABLE events DROP COLUMN at;  -- it was worked out at each insertion

INSERT INTO meta (name, value)      -- 'filed': up to this record the other tables say it all
SELECT 'filed', CAST(ifnull(max(seq), 0) AS TEXT) FROM events;

CREATE VIEW log AS                  -- every record, with its time as text
SELECT seq,
  CASE WHEN at_ns >= 0 THEN strftime('%Y-%m-%dT%H:%M:%fZ', at_ns / 1000000000.0, 'unixepoch') END
    AS at,
  kind, client_order_id, record
FROM events;
