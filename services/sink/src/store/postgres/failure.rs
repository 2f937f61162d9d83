//! From PostgreSQL's error codes to what has to happen next.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::error::SinkError;

/// Tells whether the values of a row are the reason, so that it can never be stored: data exceptions (22), constraint
/// violations (23), limits of the program (54); and the echo of such an error on later statements of the transaction.
pub(super) fn is_about_the_row(error: &Error) -> bool {
    let Some(state) = error.code() else { return false };
    *state == SqlState::IN_FAILED_SQL_TRANSACTION || matches!(class(state), "22" | "23" | "54")
}

/// Returns what an error means for the batch.
pub(super) fn failed(store: &str, error: &Error) -> SinkError {
    let (store, reason) = (store.to_owned(), text(error));
    let Some(state) = error.code() else { return SinkError::Unreachable { store, reason } };
    if *state == SqlState::DISK_FULL {
        return SinkError::NoSpace { store, reason };
    }
    match class(state) {
        // A deadlock, a lock that was not free, a statement that took too long.
        "40" | "55" => SinkError::Busy { store, reason },
        _ if *state == SqlState::QUERY_CANCELED => SinkError::Busy { store, reason },
        // Failures of the system below the server.
        "58" => SinkError::NoSpace { store, reason },
        // Connection, authorisation, catalog name, resources, operator's intervention, a standby that does not write: people or
        // time put these right.
        "08" | "28" | "3D" | "53" | "57" | "25" => SinkError::Unreachable { store, reason },
        _ if *state == SqlState::INSUFFICIENT_PRIVILEGE => SinkError::Unreachable { store, reason },
        _ => SinkError::Broken { store, reason },
    }
}

/// Returns the whole message: the client's own says only "db error".
pub(super) fn text(error: &Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(db), _) => format!("{} ({})", db.message(), db.code().code()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}

fn class(state: &SqlState) -> &str {
    state.code().get(..2).unwrap_or_default()
}
