//! `pg_dump`, and `pg_restore` through `psql`.

use super::Count;
use super::programs::{ProgramError, connecting, finish, named, start};
use crate::error::Error;
use crate::store::conn::Conn;
use crate::store::files;
use crate::store::url::Conninfo;
use diesel::prelude::*;
use std::io::{self, Write};
use std::path::Path;
use std::process::Stdio;

/// Empties the schema, whatever version's tables stand in it. `pg_restore --clean` drops only what the backup holds: of
/// a later version's tables it would leave those that the migrations then fail to make.
const EMPTY: &str = "
SET client_min_messages = warning;
SET statement_timeout = 0;
SET lock_timeout = '10s';
DO $$
DECLARE found record;
BEGIN
    FOR found IN SELECT oid::regclass::text AS name FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    LOOP
        EXECUTE 'DROP TABLE ' || found.name || ' CASCADE';
    END LOOP;
    FOR found IN SELECT oid::regclass::text AS name FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S'
    LOOP
        EXECUTE 'DROP SEQUENCE ' || found.name || ' CASCADE';
    END LOOP;
END
$$;
";

/// Writes a dump in PostgreSQL's custom form, which is compressed.
pub(super) fn dump(conninfo: &Conninfo, file: &Path) -> Result<(), Error> {
    // The program keeps the mode of a file that is there.
    drop(files::create(file).map_err(Error::internal)?);
    let mut command = connecting("pg_dump", conninfo);
    command.args(["--format=custom", "--no-owner", "--no-privileges", "--file"]).arg(file);
    let child = start("pg_dump", &mut command).map_err(Error::internal)?;
    finish("pg_dump", child).map_err(Error::internal)?;
    files::sync(file).map_err(Error::internal)
}

pub(super) fn has_tables(conn: &mut Conn) -> Result<bool, Error> {
    let sql = "SELECT count(*) AS number FROM pg_class \
               WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')";
    Ok(diesel::sql_query(sql).get_result::<Count>(conn)?.number > 0)
}

pub(super) fn has_other_sessions(conn: &mut Conn) -> Result<bool, Error> {
    let sql = "SELECT count(*) AS number FROM pg_stat_activity \
               WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    Ok(diesel::sql_query(sql).get_result::<Count>(conn)?.number > 0)
}

/// Plays a dump into the database in one transaction: afterwards it is the backup's, or as it was.
pub(super) fn restore(conninfo: &Conninfo, file: &Path) -> Result<(), Error> {
    let mut command = connecting("psql", conninfo);
    command.args(["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]);
    // An error would quote the row that it met.
    command.args(["--set=VERBOSITY=sqlstate", "--output=/dev/null", "--file=-"]);
    let mut player = start("psql", command.stdin(Stdio::piped())).map_err(Error::internal)?;
    let mut command = named("pg_restore");
    command.args(["--no-owner", "--no-privileges", "--file=-"]).arg(file);
    let mut reader = match start("pg_restore", &mut command) {
        Ok(reader) => reader,
        Err(error) => {
            let _ = player.kill();
            let _ = player.wait();
            return Err(Error::internal(error));
        }
    };
    let (Some(mut to), Some(mut from)) = (player.stdin.take(), reader.stdout.take()) else {
        return Err(Error::internal(ProgramError::Missing("psql")));
    };
    let sent = to.write_all(EMPTY.as_bytes()).and_then(|()| io::copy(&mut from, &mut to).map(drop));
    drop(from);
    let read = finish("pg_restore", reader);
    if sent.is_err() || read.is_err() {
        // The end of the script would be taken for its success; `psql` must not see it.
        let _ = player.kill();
    }
    drop(to);
    let outcome = match finish("psql", player) {
        Err(error @ ProgramError::Failed { status, .. }) if status.code().is_some() => Err(error),
        ended => read.and(sent.map_err(|error| ProgramError::System("psql", error))).and(ended),
    };
    outcome.map_err(Error::internal)
}
