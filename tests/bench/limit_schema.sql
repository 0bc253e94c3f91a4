-- The least tables that routing a lead can do with: what pgbench fills as fast as it can.
CREATE TABLE pool (id int PRIMARY KEY, turns bigint NOT NULL DEFAULT 0, seats int NOT NULL)
  WITH (fillfactor = 50);
CREATE TABLE seat (pool_id int, place int, member_id int, PRIMARY KEY (pool_id, place));
CREATE TABLE lead (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid(),
  source text NOT NULL, email text, phone text, name text, company text, country char(2),
  facts jsonb NOT NULL, stage smallint NOT NULL DEFAULT 0,
  received_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON lead (email);
CREATE INDEX ON lead (received_at);
CREATE TABLE assignment (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lead_id bigint NOT NULL REFERENCES lead (id), member_id int NOT NULL, rule_id int NOT NULL,
  reason jsonb NOT NULL, respond_by timestamptz, responded_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON assignment (lead_id);
CREATE INDEX ON assignment (respond_by) WHERE responded_at IS NULL AND respond_by IS NOT NULL;
CREATE TABLE alert (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL, data jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(), sent_at timestamptz
);
CREATE INDEX ON alert (id) WHERE sent_at IS NULL;
INSERT INTO pool SELECT n, 0, 20 FROM generate_series(1, 64) n;
INSERT INTO seat SELECT p, s, p * 100 + s FROM generate_series(1, 64) p, generate_series(0, 19) s;
