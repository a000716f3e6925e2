-- A commit writes a single row; its records move into `events` and the other tables when nobody
-- waits, usually within milliseconds.

CREATE TABLE fresh (
  place INTEGER PRIMARY KEY,        -- in the order of commits
  records TEXT NOT NULL             -- as JSON: of each record, when it was made and what it says
) STRICT;

INSERT INTO fresh (records)
SELECT json_group_array(json_object('at', json(format('%u', at_ns)), 'entry', json(record)) ORDER BY seq)
FROM events WHERE seq > (SELECT value + 0 FROM meta WHERE name = 'filed') HAVING count(*) > 0;

DELETE FROM events WHERE seq > (SELECT value + 0 FROM meta WHERE name = 'filed');

DELETE FROM meta WHERE name = 'filed';

DROP VIEW log;

CREATE VIEW log AS                  -- every record, with its time as text; the newest without number
SELECT seq,
  CASE WHEN at_ns >= 0 THEN strftime('%Y-%m-%dT%H:%M:%fZ', at_ns / 1000000000.0, 'unixepoch') END
    AS at,
  kind, client_order_id, record
FROM events
UNION ALL
SELECT NULL,
  strftime('%Y-%m-%dT%H:%M:%fZ', json_extract(one.value, '$.at') / 1000000000.0, 'unixepoch'),
  (SELECT replace(ifnull(json_extract(said.value, '$.ending'), said.key), '_', '-')
   FROM json_each(one.value, '$.entry') AS said),
  (SELECT named.value FROM json_tree(one.value, '$.entry') AS named
   WHERE named.key = 'client_order_id' LIMIT 1),
  json_extract(one.value, '$.entry')
FROM fresh, json_each(fresh.records) AS one;
