//! What is refused, what is not, and what can be allowed.

use rstest::rstest;

use super::{super::RecordedMigration, Linter, Rule};

fn migration(version: &str, sql: &str) -> RecordedMigration {
    RecordedMigration { version: version.to_owned(), statements: vec![sql.to_owned()] }
}

fn rules(migrations: &[RecordedMigration]) -> Vec<Rule> {
    Linter::new(&["people"]).lint(migrations).iter().map(|finding| finding.rule).collect()
}

#[rstest]
#[case::drop_table("DROP TABLE people", Rule::DropTable)]
#[case::drop_table_if_there("drop table if exists only_mine.people cascade", Rule::DropTable)]
#[case::drop_view("DROP MATERIALIZED VIEW totals", Rule::DropTable)]
#[case::drop_type("DROP TYPE mood", Rule::DropTable)]
#[case::drop_second_table("CREATE TABLE scratch (id uuid); DROP TABLE scratch, people", Rule::DropTable)]
#[case::truncate("TRUNCATE TABLE people", Rule::DropTable)]
#[case::truncate_second_table("CREATE TABLE scratch (id uuid); TRUNCATE scratch, ONLY people", Rule::DropTable)]
#[case::drop_default("ALTER TABLE people ALTER COLUMN a DROP DEFAULT", Rule::RequiredColumn)]
#[case::lock("LOCK TABLE people IN ACCESS EXCLUSIVE MODE", Rule::Rewrite)]
#[case::cluster("CLUSTER people USING i", Rule::Rewrite)]
#[case::reindex("REINDEX TABLE people", Rule::Rewrite)]
#[case::refresh("REFRESH MATERIALIZED VIEW totals", Rule::Rewrite)]
#[case::rename_table("ALTER TABLE people RENAME TO persons", Rule::RenameTable)]
#[case::rename_view("ALTER VIEW totals RENAME TO sums", Rule::RenameTable)]
#[case::drop_column("ALTER TABLE people DROP COLUMN name", Rule::DropColumn)]
#[case::drop_column_short("ALTER TABLE ONLY people DROP name", Rule::DropColumn)]
#[case::drop_column_second("ALTER TABLE people ADD COLUMN a text, DROP COLUMN b", Rule::DropColumn)]
#[case::rename_column("ALTER TABLE people RENAME COLUMN a TO b", Rule::RenameColumn)]
#[case::rename_column_short("ALTER TABLE \"people\" RENAME a TO b", Rule::RenameColumn)]
#[case::alter_type("ALTER TABLE people ALTER COLUMN a TYPE bigint", Rule::AlterType)]
#[case::alter_type_long("ALTER TABLE people ALTER a SET DATA TYPE bigint USING a::bigint", Rule::AlterType)]
#[case::rename_enum_value("ALTER TYPE mood RENAME VALUE 'sad' TO 'low'", Rule::AlterType)]
#[case::set_not_null("ALTER TABLE people ALTER COLUMN a SET NOT NULL", Rule::SetNotNull)]
#[case::required_column("ALTER TABLE people ADD COLUMN a text NOT NULL", Rule::RequiredColumn)]
#[case::check("ALTER TABLE people ADD CONSTRAINT c CHECK (a > 0)", Rule::CheckedConstraint)]
#[case::check_without_name("ALTER TABLE people ADD CHECK (a > 0)", Rule::CheckedConstraint)]
#[case::foreign_key("ALTER TABLE people ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES b (id)", Rule::CheckedConstraint)]
#[case::check_in_column("ALTER TABLE people ADD COLUMN a integer CHECK (a > 0)", Rule::CheckedConstraint)]
#[case::reference_in_column("ALTER TABLE people ADD COLUMN a uuid REFERENCES b", Rule::CheckedConstraint)]
#[case::validate_at_once(
    "ALTER TABLE people ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE people VALIDATE CONSTRAINT c",
    Rule::ValidateAtOnce
)]
#[case::unique("ALTER TABLE people ADD CONSTRAINT c UNIQUE (a)", Rule::UniqueConstraint)]
#[case::primary_key("ALTER TABLE people ADD PRIMARY KEY (a)", Rule::UniqueConstraint)]
#[case::unique_in_column("ALTER TABLE people ADD COLUMN a text UNIQUE", Rule::UniqueConstraint)]
#[case::index("CREATE INDEX i ON people (a)", Rule::BlockingIndex)]
#[case::unique_index("CREATE UNIQUE INDEX IF NOT EXISTS i ON ONLY \"people\" (a)", Rule::BlockingIndex)]
#[case::volatile_default("ALTER TABLE people ADD COLUMN a uuid DEFAULT gen_random_uuid()", Rule::VolatileDefault)]
#[case::volatile_time("ALTER TABLE people ADD COLUMN a timestamptz DEFAULT clock_timestamp()", Rule::VolatileDefault)]
#[case::serial("ALTER TABLE people ADD COLUMN a bigserial", Rule::Rewrite)]
#[case::generated("ALTER TABLE people ADD COLUMN a text GENERATED ALWAYS AS (b || c) STORED", Rule::Rewrite)]
#[case::unlogged("ALTER TABLE people SET UNLOGGED", Rule::Rewrite)]
#[case::in_a_block("DO $$ BEGIN IF true THEN ALTER TABLE people DROP COLUMN a; END IF; END $$", Rule::DropColumn)]
#[case::in_a_loop("DO $$ DECLARE x text; BEGIN FOR x IN SELECT 'a' LOOP DROP TABLE people; END LOOP; END $$", Rule::DropTable)]
#[case::dynamic("DO $$ BEGIN EXECUTE 'DROP TABLE ' || 'people'; END $$", Rule::DynamicSql)]
fn refuses(#[case] sql: &str, #[case] rule: Rule) {
    assert_eq!(rules(&[migration("m1", sql)]), [rule], "{sql}");
}

#[rstest]
#[case("ALTER TABLE people ADD COLUMN a text")]
#[case("ALTER TABLE people ADD COLUMN IF NOT EXISTS a text NOT NULL DEFAULT 'account'")]
#[case("ALTER TABLE people ADD COLUMN a numeric(14, 2) NOT NULL DEFAULT 0::numeric(14, 2)")]
#[case("ALTER TABLE people ADD COLUMN a timestamptz NOT NULL DEFAULT now()")]
#[case("ALTER TABLE people ALTER COLUMN a DROP NOT NULL")]
#[case("ALTER TABLE people ALTER COLUMN a SET DEFAULT 1")]
#[case("ALTER TABLE people DROP CONSTRAINT IF EXISTS c")]
#[case("ALTER TABLE people RENAME CONSTRAINT c TO d")]
#[case("ALTER TABLE people ADD CONSTRAINT c CHECK (a > 0) NOT VALID")]
#[case("ALTER TABLE people ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES b (id) NOT VALID")]
#[case("ALTER TABLE people ADD CONSTRAINT c UNIQUE USING INDEX i")]
#[case("CREATE INDEX i ON rooms (a)")]
#[case("DROP INDEX i")]
#[case("INSERT INTO people (a) VALUES ('; DROP TABLE people')")]
#[case("-- DROP TABLE people\nSELECT 1")]
#[case("CREATE TABLE rooms (id uuid PRIMARY KEY CHECK (id IS NOT NULL)); ALTER TABLE rooms DROP COLUMN id; DROP TABLE rooms")]
#[case("CREATE TABLE rooms (id uuid); LOCK TABLE rooms; ALTER TABLE rooms ALTER COLUMN id DROP DEFAULT")]
#[case("CREATE TABLE people (id uuid); CREATE INDEX i ON people (id); ALTER TABLE people ADD CONSTRAINT c CHECK (a > 0)")]
#[case("DO $$ BEGIN PERFORM 'DROP TABLE people'; INSERT INTO a SELECT 1; END $$")]
fn lets_pass(#[case] sql: &str) {
    assert_eq!(Linter::new(&["people"]).lint(&[migration("m1", sql)]), [], "{sql}");
}

#[test]
fn a_column_becomes_required_behind_a_validated_check() {
    let check = migration("m1", "ALTER TABLE people ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID");
    let validate = migration("m2", "ALTER TABLE people VALIDATE CONSTRAINT c");
    let require = migration("m3", "ALTER TABLE people ALTER COLUMN a SET NOT NULL");
    let other = migration("m3", "ALTER TABLE rooms ALTER COLUMN a SET NOT NULL");
    assert_eq!(rules(&[check.clone(), validate.clone(), require.clone()]), []);
    assert_eq!(rules(&[check.clone(), require]), [Rule::SetNotNull], "the check was not validated");
    assert_eq!(rules(&[check, validate, other]), [Rule::SetNotNull], "the check is another table's");
}

#[test]
fn what_is_refused_may_be_allowed_with_a_reason() {
    let drop = "ALTER TABLE people DROP COLUMN a";
    let lint = |comment: &str| rules(&[migration("m1", &format!("{comment}\n{drop}"))]);
    assert_eq!(lint("-- allow drop-column: no program since 0.4 reads it"), []);
    assert_eq!(lint("-- allow drop-column:"), [Rule::Exemption, Rule::DropColumn], "no reason");
    assert_eq!(lint("-- allow drop-column"), [Rule::Exemption, Rule::DropColumn], "no reason");
    assert_eq!(lint("-- allow everything: I am in a hurry"), [Rule::Exemption, Rule::DropColumn], "no such rule");
    assert_eq!(lint("-- allow exemption: I am in a hurry"), [Rule::Exemption, Rule::DropColumn], "no way around");
    assert_eq!(lint("-- allow drop-table: another rule"), [Rule::DropColumn, Rule::Exemption], "not needed");
    let next = [migration("m1", "-- allow drop-column: once\nALTER TABLE people DROP COLUMN a"), migration("m2", drop)];
    assert_eq!(rules(&next), [Rule::DropColumn], "it holds for its own migration");
}

#[test]
fn a_checksum_is_that_of_what_is_said() {
    let checksum = |sql: &str| migration("m1", sql).checksum();
    let said = checksum("ALTER TABLE people ADD COLUMN a text;");
    assert_eq!(said.len(), 64);
    assert_eq!(said, checksum("-- why\nalter table people\n    ADD /* here */ COLUMN a text"));
    assert_ne!(said, checksum("ALTER TABLE people ADD COLUMN \"A\" text"));
    assert_ne!(said, checksum("ALTER TABLE people ADD COLUMN a varchar"));
    assert_ne!(checksum("SELECT 'a'"), checksum("SELECT 'A'"));
}
