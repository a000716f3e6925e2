//! The tables, and how those of an older version become those of this one.

use rusqlite::Connection;

use super::fault::Fault;

/// What tells our files from those of other programs ("TWJL").
pub(super) const APPLICATION_ID: i64 = 0x5457_4a4c;

/// What leads from each version to the next; version 0 has no tables.
pub(super) const STEPS: [&str; 3] =
    [include_str!("schema/1.sql"), include_str!("schema/2.sql"), include_str!("schema/3.sql")];

/// The version that `steps` lead to.
pub(super) fn version_after(steps: &[&str]) -> i64 {
    i64::try_from(steps.len()).unwrap_or(i64::MAX)
}

/// The version of a file.
pub(super) fn version(connection: &Connection) -> Result<i64, Fault> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Brings a file to the version that `steps` lead to, all at once or not at all.
pub(super) fn migrate(connection: &Connection, steps: &[&str]) -> Result<(), Fault> {
    let from = usize::try_from(version(connection)?).unwrap_or(usize::MAX);
    let missing = steps.get(from..).unwrap_or_default();
    if missing.is_empty() {
        return Ok(());
    }
    let to = version_after(steps);
    let script = format!(
        "BEGIN IMMEDIATE;\n{}\nPRAGMA application_id = {APPLICATION_ID};\n\
         PRAGMA user_version = {to};\nCOMMIT;",
        missing.join("\n")
    );
    let done = connection.execute_batch(&script);
    if done.is_err() {
        connection.execute_batch("ROLLBACK").ok();
    }
    Ok(done?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> Connection {
        Connection::open_in_memory().unwrap()
    }

    #[test]
    fn an_older_file_is_brought_up_step_by_step_and_keeps_what_it_holds() {
        let connection = empty();
        migrate(&connection, &STEPS).unwrap();
        connection.execute_batch("INSERT INTO slots VALUES (7, 1, 1024)").unwrap();
        let later = [STEPS.as_slice(), &["ALTER TABLE slots ADD COLUMN host TEXT;"]].concat();
        migrate(&connection, &later).unwrap();
        assert_eq!(version(&connection).unwrap(), version_after(&later));
        let slot: i64 = connection
            .query_row("SELECT slot FROM slots WHERE host IS NULL", [], |row| row.get(0))
            .unwrap();
        assert_eq!(slot, 7);
        migrate(&connection, &later).expect("nothing is left to do");
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let connection = empty();
        migrate(&connection, &STEPS).unwrap();
        let broken = ["CREATE TABLE more (a TEXT);", "CREATE TABLE slots (a TEXT);"];
        let later = [STEPS.as_slice(), &broken].concat();
        migrate(&connection, &later).unwrap_err();
        assert_eq!(version(&connection).unwrap(), version_after(&STEPS));
        connection.prepare("SELECT * FROM more").expect_err("it was undone");
    }
}
