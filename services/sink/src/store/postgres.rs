//! PostgreSQL: full-text search, positions in the same transaction.

use std::path::PathBuf;
use std::time::Duration;

use naba_stage::log::TopicPartition;
use naba_stage::{Batch, Sink, StageError, Verdict};
use tokio::sync::{Mutex, MutexGuard};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Statement};

use self::failure::{failed, is_about_the_row};
use super::{Advance, Epochs, Indexed, Refused};
use crate::error::SinkError;
use crate::judge::Plan;

mod failure;
mod schema;
mod tls;
mod write;

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct PostgresConfig {
    /// Address: `postgres://user@host:port/database`, or the key=value form; several hosts are tried in order.
    pub url: String,
    /// Password, where the server wants one.
    pub password: Option<naba_service::Secret>,
    /// Certificates (PEM) of the authorities that the server's certificate must come from.
    pub ca_file: Option<PathBuf>,
    /// Time to connect.
    pub connect_timeout: Duration,
    /// Time for one transaction.
    pub write_timeout: Duration,
}

/// The sink on a PostgreSQL database. Connects when it is first used, and again whenever the connection is lost.
#[derive(Debug)]
pub struct Postgres {
    config: tokio_postgres::Config,
    tls: tls::Tls,
    /// Host and database, for messages; never the password.
    name: String,
    timeout: Duration,
    session: Mutex<Option<Session>>,
    epochs: Epochs,
}

/// A connection with its prepared statements.
struct Session {
    client: Client,
    statements: Statements,
}

struct Statements {
    claim: Statement,
    advance: Statement,
    put_version: Statement,
    put_article: Statement,
    withdraw_article: Statement,
    withdraw_versions: Statement,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session")
    }
}

impl Postgres {
    /// Reads the configuration; connects later. The error is for people.
    pub fn new(config: &PostgresConfig) -> Result<Self, String> {
        let mut parsed: tokio_postgres::Config = config.url.parse().map_err(|e: tokio_postgres::Error| {
            format!("is no address such as postgres://user@host:5432/database: {}", failure::text(&e))
        })?;
        if parsed.get_password().is_some() {
            return Err("holds a password: put it into postgres.password_file".into());
        }
        if let Some(password) = &config.password {
            parsed.password(password.expose());
        }
        parsed.application_name("naba-sink").connect_timeout(config.connect_timeout);
        parsed.keepalives(true).tcp_user_timeout(config.write_timeout);
        let encrypted = config.ca_file.is_some() || parsed.get_ssl_mode() == SslMode::Require;
        // Never "if the server offers it": that checks no certificate or fails on Debian's self-made one.
        parsed.ssl_mode(if encrypted { SslMode::Require } else { SslMode::Disable });
        let tls = tls::Tls::new(config.ca_file.as_deref())?;
        let host = match parsed.get_hosts().first() {
            Some(tokio_postgres::config::Host::Tcp(host)) => host.clone(),
            Some(tokio_postgres::config::Host::Unix(path)) => path.display().to_string(),
            None => return Err("names no host".into()),
        };
        let name = format!("postgres {host}/{}", parsed.get_dbname().unwrap_or_default());
        let timeout = config.write_timeout;
        Ok(Self { config: parsed, tls, name, timeout, session: Mutex::new(None), epochs: Epochs::default() })
    }

    /// Returns the open session, or opens one.
    async fn session(&self) -> Result<MutexGuard<'_, Option<Session>>, SinkError> {
        let mut session = self.session.lock().await;
        if session.as_ref().is_none_or(|s| s.client.is_closed()) {
            *session = Some(self.connect().await?);
        }
        Ok(session)
    }

    async fn connect(&self) -> Result<Session, SinkError> {
        let failed = |e| failed(&self.name, &e);
        let (mut client, connection) = self.config.connect(self.tls.clone()).await.map_err(failed)?;
        let name = self.name.clone();
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(store = name, error = failure::text(&error), "connection lost");
            }
        });
        // The server gives up before we do, so that a slow statement is answered and not guessed at.
        let limit = self.timeout.as_millis().saturating_mul(9) / 10;
        client.batch_execute(&format!("SET statement_timeout = {}", limit.max(1))).await.map_err(failed)?;
        schema::migrate(&mut client, &self.name).await?;
        let statements = schema::prepare(&client).await.map_err(failed)?;
        tracing::info!(store = self.name, "connected");
        Ok(Session { client, statements })
    }

    /// Bounds the time of one use of the session. After a time-out the session is dropped, and with it its transaction.
    async fn bounded<T>(&self, work: impl Future<Output = Result<T, SinkError>>) -> Result<T, SinkError> {
        match tokio::time::timeout(self.timeout, work).await {
            Ok(done) => done,
            Err(_) => {
                *self.session.lock().await = None;
                Err(SinkError::TimedOut { store: self.name.clone(), seconds: self.timeout.as_secs() })
            }
        }
    }

    async fn claim_all(&self, partitions: &[TopicPartition]) -> Result<Vec<(i64, Option<u64>)>, SinkError> {
        let mut session = self.session().await?;
        let Some(session) = session.as_mut() else { return Ok(Vec::new()) };
        session.claim(partitions).await.map_err(|e| failed(&self.name, &e))
    }

    async fn write_all(&self, ops: Vec<Indexed>, advances: &[Advance]) -> Result<Vec<Refused>, SinkError> {
        let mut session = self.session().await?;
        let Some(session) = session.as_mut() else { return Ok(Vec::new()) };
        let failed = |e| failed(&self.name, &e);
        let settled = write::Settled::of(ops);
        match session.write(&settled, advances).await {
            Ok(()) => Ok(Vec::new()),
            Err(write::WriteError::Fenced(error)) => Err(error),
            Err(write::WriteError::Postgres(error)) if is_about_the_row(&error) => {
                match session.write_one_by_one(&settled, advances).await {
                    Ok(refused) => Ok(refused),
                    Err(write::WriteError::Fenced(error)) => Err(error),
                    Err(write::WriteError::Postgres(error)) => Err(failed(error)),
                }
            }
            Err(write::WriteError::Postgres(error)) => Err(failed(error)),
        }
    }
}

impl Sink for Postgres {
    async fn claim(&self, partitions: &[TopicPartition]) -> Result<Vec<Option<u64>>, StageError> {
        let claimed = self.bounded(self.claim_all(partitions)).await?;
        let mut positions = Vec::with_capacity(claimed.len());
        for (partition, (epoch, position)) in partitions.iter().zip(claimed) {
            self.epochs.set(partition, epoch);
            positions.push(position);
        }
        Ok(positions)
    }

    async fn write(&self, batch: &Batch) -> Result<Vec<Verdict>, StageError> {
        let advances = self.epochs.join(&batch.positions)?;
        let records = batch.records.clone();
        // Decoding and folding a batch of large articles takes tens of milliseconds: off the async threads.
        let plan = tokio::task::spawn_blocking(move || Plan::of(&records)).await;
        let mut plan = plan.map_err(StageError::fatal)?;
        let ops = std::mem::take(&mut plan.ops);
        let refused = self.bounded(self.write_all(ops, &advances)).await?;
        Ok(plan.verdicts(refused))
    }
}
