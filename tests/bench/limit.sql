\set pool random(1, :pools)
\set n random(1, 100000000)
WITH new_lead AS (
  INSERT INTO lead (source, email, phone, name, company, country, facts, stage)
  VALUES ('web', 'p' || (:n)::text || '@example.com', '+436641234567', 'Rosa Steiner',
          'Steiner GmbH', 'AT', '{"campaign": "x", "budget": 5000, "message": "please call me"}', 1)
  RETURNING id
), turn AS (
  UPDATE pool SET turns = turns + 1 WHERE id = :pool RETURNING id, turns % seats AS place
), chosen AS (
  SELECT seat.member_id FROM turn JOIN seat ON seat.pool_id = turn.id AND seat.place = turn.place
), owned AS (
  INSERT INTO assignment (lead_id, member_id, rule_id, reason, respond_by)
  SELECT new_lead.id, chosen.member_id, 7, '{"rule": 7, "why": "country is AT"}',
         now() + interval '5 min' FROM new_lead, chosen
  RETURNING lead_id, member_id
), told AS (
  INSERT INTO alert (topic, data)
  SELECT 'member.' || member_id, jsonb_build_object('lead', lead_id, 'member', member_id) FROM owned
)
SELECT lead_id, member_id FROM owned;
