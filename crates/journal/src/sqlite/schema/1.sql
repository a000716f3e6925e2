-- Times are nanoseconds since 1970-01-01 UTC; a column beside each says the same as text, to the
-- millisecond. A negative number is a time beyond the year 2262, -1 the far end of time.
-- Money is text, so that no digit is lost: cast it (price + 0) to compute with it, inexactly.

CREATE TABLE meta (
  name TEXT PRIMARY KEY,            -- 'id': which journal this is; 'created': when it was made
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (               -- every record, in the order in which it became known
  seq INTEGER PRIMARY KEY,
  at_ns INTEGER NOT NULL,           -- when, by our clock
  kind TEXT NOT NULL,               -- intent sent accepted traded amended in-doubt canceled ...
  client_order_id TEXT,             -- the order it is about, if it is about one
  record TEXT NOT NULL,             -- all of it, as JSON
  at TEXT GENERATED ALWAYS AS (CASE WHEN at_ns >= 0 THEN strftime('%Y-%m-%dT%H:%M:%fZ', at_ns / 1000000000.0, 'unixepoch') END) VIRTUAL
) STRICT;

CREATE TABLE live_orders (          -- orders that are not over: each may be at the venue
  client_order_id TEXT PRIMARY KEY, -- our name of it
  venue TEXT NOT NULL,
  account TEXT NOT NULL,
  strategy TEXT NOT NULL,
  instrument TEXT NOT NULL,
  symbol TEXT NOT NULL,             -- the venue's spelling of the instrument
  side TEXT NOT NULL,               -- buy sell
  kind TEXT NOT NULL,               -- the kind with all that it needs, as JSON
  price TEXT,                       -- of the kinds that have one
  trigger_price TEXT,               -- of the kinds that wait for the market to reach one
  qty TEXT,                         -- as it was asked for, of the kinds that name one
  tag INTEGER NOT NULL,             -- the strategy's own mark
  pair TEXT,                        -- our name of the pair that it is one half of
  other TEXT,                       -- the other half
  replaces TEXT,                    -- the order in whose stead it came
  deadline_ns INTEGER NOT NULL,     -- by when it had to have left
  recv_window_ns INTEGER NOT NULL,  -- how late the venue might still accept it
  attempt INTEGER NOT NULL,         -- the first is 1
  created_ns INTEGER NOT NULL,      -- when the strategy asked for it
  stage TEXT NOT NULL,              -- intended sent in-doubt open partially-filled, or how it ended
  sent_ns INTEGER,                  -- when its bytes left
  venue_order_id TEXT,              -- the venue's name of it
  accepted_ns INTEGER,              -- when we first knew that the venue has it
  in_doubt_ns INTEGER,              -- since when its fate is unknown
  cancel_asked_ns INTEGER,          -- when it was last to be canceled
  amend_asked TEXT,                 -- the quantity that it was last to be lowered to
  amended_qty TEXT,                 -- the quantity that the venue has lowered it to
  traded_qty TEXT NOT NULL,         -- the sum of its fills
  traded_quote TEXT NOT NULL,       -- what that cost or brought
  ending TEXT,                      -- unsent rejected not-placed forgotten expired canceled filled
  reason TEXT,                      -- why it ended
  ended_ns INTEGER,
  updated_ns INTEGER NOT NULL       -- when something was last recorded of it
) STRICT, WITHOUT ROWID;

CREATE TABLE closed_orders (        -- orders that are over, in the order in which they ended
  position INTEGER PRIMARY KEY,
  client_order_id TEXT NOT NULL UNIQUE,
  venue TEXT NOT NULL,
  account TEXT NOT NULL,
  strategy TEXT NOT NULL,
  instrument TEXT NOT NULL,
  symbol TEXT NOT NULL,
  side TEXT NOT NULL,
  kind TEXT NOT NULL,
  price TEXT,
  trigger_price TEXT,
  qty TEXT,
  tag INTEGER NOT NULL,
  pair TEXT,
  other TEXT,
  replaces TEXT,
  deadline_ns INTEGER NOT NULL,
  recv_window_ns INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  created_ns INTEGER NOT NULL,
  stage TEXT NOT NULL,
  sent_ns INTEGER,
  venue_order_id TEXT,
  accepted_ns INTEGER,
  in_doubt_ns INTEGER,
  cancel_asked_ns INTEGER,
  amend_asked TEXT,
  amended_qty TEXT,
  traded_qty TEXT NOT NULL,
  traded_quote TEXT NOT NULL,
  ending TEXT,
  reason TEXT,
  ended_ns INTEGER,
  updated_ns INTEGER NOT NULL
) STRICT;

CREATE TABLE fills (                -- trades of our orders, each once
  client_order_id TEXT NOT NULL,
  trade_id INTEGER NOT NULL,        -- the venue's number of it, unique for a symbol; a trade with
                                    -- ourselves has two rows, one for each order
  venue TEXT NOT NULL,
  account TEXT NOT NULL,
  strategy TEXT NOT NULL,
  instrument TEXT NOT NULL,
  symbol TEXT NOT NULL,
  venue_order_id TEXT NOT NULL,
  side TEXT NOT NULL,
  price TEXT NOT NULL,
  qty TEXT NOT NULL,
  fee TEXT NOT NULL,                -- negative for a rebate
  fee_asset TEXT,                   -- none when there was no fee
  is_maker INTEGER NOT NULL,
  at_ns INTEGER NOT NULL,           -- by the venue's clock
  at TEXT GENERATED ALWAYS AS (CASE WHEN at_ns >= 0 THEN strftime('%Y-%m-%dT%H:%M:%fZ', at_ns / 1000000000.0, 'unixepoch') END) VIRTUAL,
  PRIMARY KEY (client_order_id, trade_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE turnovers (            -- the sums of all fills ever, removed ones included
  venue TEXT NOT NULL,
  account TEXT NOT NULL,
  strategy TEXT NOT NULL,
  instrument TEXT NOT NULL,
  bought TEXT NOT NULL,             -- base asset
  sold TEXT NOT NULL,
  spent TEXT NOT NULL,              -- quote asset
  earned TEXT NOT NULL,
  base_fees TEXT NOT NULL,          -- base asset
  cost TEXT NOT NULL,               -- of what is left, at the average; quote asset
  fees TEXT NOT NULL,               -- by asset, as JSON
  fills INTEGER NOT NULL,
  PRIMARY KEY (venue, account, strategy, instrument)
) STRICT, WITHOUT ROWID;

CREATE TABLE last_trades (          -- where to go on reading an account's trades
  venue TEXT NOT NULL,
  account TEXT NOT NULL,
  symbol TEXT NOT NULL,
  trade_id INTEGER NOT NULL,
  PRIMARY KEY (venue, account, symbol)
) STRICT, WITHOUT ROWID;

CREATE TABLE store (                -- what strategies want remembered
  strategy TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (strategy, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE state (                -- decisions that hold: what is not allowed, shut, or moved
  kind TEXT NOT NULL,               -- trading shut failover
  scope TEXT NOT NULL,              -- of what, in words
  at_ns INTEGER NOT NULL,           -- since when
  what TEXT NOT NULL,               -- in words
  record TEXT NOT NULL,             -- all of it, as JSON
  at TEXT GENERATED ALWAYS AS (CASE WHEN at_ns >= 0 THEN strftime('%Y-%m-%dT%H:%M:%fZ', at_ns / 1000000000.0, 'unixepoch') END) VIRTUAL,
  PRIMARY KEY (kind, scope)
) STRICT, WITHOUT ROWID;

CREATE TABLE slots (                -- bounds on the names that were given out
  slot INTEGER PRIMARY KEY,
  started_ns INTEGER NOT NULL,      -- when the latest source of names began
  below INTEGER NOT NULL            -- it has given out no name with this count or a higher one
) STRICT;

CREATE VIEW orders AS               -- every order that is kept, with its times as text
SELECT client_order_id, venue, account, strategy, instrument, symbol, side, kind, price,
  trigger_price, qty, amended_qty, tag, pair, other, replaces, stage, traded_qty, traded_quote,
  venue_order_id, reason, attempt,
  strftime('%Y-%m-%dT%H:%M:%fZ', created_ns / 1000000000.0, 'unixepoch') AS created,
  strftime('%Y-%m-%dT%H:%M:%fZ', sent_ns / 1000000000.0, 'unixepoch') AS sent,
  strftime('%Y-%m-%dT%H:%M:%fZ', accepted_ns / 1000000000.0, 'unixepoch') AS accepted,
  strftime('%Y-%m-%dT%H:%M:%fZ', in_doubt_ns / 1000000000.0, 'unixepoch') AS in_doubt_since,
  strftime('%Y-%m-%dT%H:%M:%fZ', ended_ns / 1000000000.0, 'unixepoch') AS ended
FROM (
  SELECT client_order_id, venue, account, strategy, instrument, symbol, side, kind, price,
    trigger_price, qty, amended_qty, tag, pair, other, replaces, stage, traded_qty, traded_quote,
    venue_order_id, reason, attempt, created_ns, sent_ns, accepted_ns, in_doubt_ns, ended_ns
  FROM live_orders
  UNION ALL
  SELECT client_order_id, venue, account, strategy, instrument, symbol, side, kind, price,
    trigger_price, qty, amended_qty, tag, pair, other, replaces, stage, traded_qty, traded_quote,
    venue_order_id, reason, attempt, created_ns, sent_ns, accepted_ns, in_doubt_ns, ended_ns
  FROM closed_orders
);

CREATE VIEW open_orders AS          -- orders that are not over, the oldest first
SELECT * FROM orders WHERE ended IS NULL ORDER BY created;

CREATE VIEW orders_in_doubt AS      -- orders that the venue may or may not have
SELECT * FROM orders WHERE ended IS NULL AND accepted IS NULL ORDER BY created;

CREATE VIEW fills_by_day AS         -- what was traded each day (UTC); sums are inexact
SELECT date(at_ns / 1000000000.0, 'unixepoch') AS day, venue, account, strategy, instrument, side,
  count(*) AS fills, sum(qty + 0) AS qty, sum(price * qty) AS quote,
  sum(price * qty) / sum(qty + 0) AS average_price, fee_asset, sum(fee + 0) AS fees
FROM fills
GROUP BY day, venue, account, strategy, instrument, side, fee_asset
ORDER BY day, venue, account, strategy, instrument, side, fee_asset;

CREATE VIEW positions AS            -- what is held by our own trades, its average cost, and what was
                                    -- made so far but for fees in quote and third assets; inexact
SELECT venue, account, strategy, instrument, bought - sold - base_fees AS base,
  earned - spent AS quote, cost + 0 AS cost, earned - spent + cost AS realized, fees, fills
FROM turnovers;
