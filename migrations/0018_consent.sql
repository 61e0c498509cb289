-- +goose Up
-- What a change changed stands beside its event, and nobody rewrites what stands there.

ALTER TABLE consent_person ADD COLUMN changes jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN consent_person.changes IS 'of a change: what was set, from which values to which; erased with the person, while the event keeps the cadence or the choice of languages';
COMMENT ON TABLE consent_person IS 'what identifies a person beside a consent event: written once, deleted when the person is erased';

-- +goose StatementBegin
CREATE FUNCTION consent_person_is_written_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'consent_person is written once' USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER consent_person_written_once BEFORE UPDATE ON consent_person
    FOR EACH ROW EXECUTE FUNCTION consent_person_is_written_once();

-- +goose Down
DROP TRIGGER consent_person_written_once ON consent_person;
DROP FUNCTION consent_person_is_written_once();
ALTER TABLE consent_person DROP COLUMN changes;
COMMENT ON TABLE consent_person IS 'what identifies a person beside a consent event';
