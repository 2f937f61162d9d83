//! A real PostgreSQL for a test.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use crate::place::{end_with_this_process, eventually, free_ports, scratch, signal};

/// A cold start under load takes some seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// A PostgreSQL server on loopback; killed and deleted on drop.
///
/// Runs without fsync: the data survives a kill of the server, which is what tests do, not of the machine.
#[derive(Debug)]
pub struct RealPostgres {
    settings: Vec<String>,
    bin: PathBuf,
    port: u16,
    home: TempDir,
    user: Option<(u32, u32)>,
    server: Mutex<Option<Child>>,
    databases: AtomicU32,
}

impl RealPostgres {
    /// Starts a server and waits until it serves.
    pub fn start() -> Self {
        Self::start_with(|_| Vec::new())
    }

    /// Starts a server with further settings (`name=value`) and waits until it serves. `prepare` is given the server's folder,
    /// to put files there that the settings name.
    pub fn start_with(prepare: impl FnOnce(&Path) -> Vec<String>) -> Self {
        let bin = bin();
        let home = scratch("postgres");
        let user = unprivileged();
        if let Some((uid, gid)) = user {
            chown(home.path(), Some(uid), Some(gid)).expect("give the folder to the postgres user");
        }
        let databases = AtomicU32::new(0);
        let settings = prepare(home.path());
        if let Some((uid, gid)) = user {
            for entry in std::fs::read_dir(home.path()).expect("server folder").flatten() {
                chown(entry.path(), Some(uid), Some(gid)).expect("give the files to the postgres user");
            }
        }
        let postgres = Self { settings, bin, port: free_ports(&[0]), home, user, server: Mutex::new(None), databases };
        let data = postgres.data();
        let args = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"];
        let output = postgres.command("initdb").args(args).arg(&data).output().expect("initdb");
        assert!(output.status.success(), "initdb failed:\n{}", String::from_utf8_lossy(&output.stderr));
        postgres.start_again();
        postgres
    }

    /// Returns a server that all tests of this process share; take a [`RealPostgres::database`] of your own on it.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<RealPostgres> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Creates an empty database and returns its URL.
    pub fn database(&self) -> String {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("CREATE DATABASE {name}")).expect("create database");
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills the server with SIGKILL, as the out-of-memory killer does, and waits until its sessions have noticed and ended:
    /// until then they would still serve.
    pub fn kill(&self) {
        if let Some(mut server) = self.server.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let sessions = children(server.id());
            server.kill().expect("kill postgres");
            server.wait().expect("wait for postgres");
            eventually("sessions of the killed server end", PATIENCE, || {
                sessions.iter().all(|pid| !is_alive(*pid)).then_some(())
            });
        }
    }

    /// Stops the server in order, ending all sessions.
    pub fn stop(&self) {
        if let Some(mut server) = self.server.lock().unwrap_or_else(PoisonError::into_inner).take() {
            signal("INT", server.id());
            server.wait().expect("wait for postgres");
        }
    }

    /// Starts the server again after [`RealPostgres::kill`] or [`RealPostgres::stop`], and waits until it serves.
    pub fn start_again(&self) {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log_file()).expect("log file");
        let spawn = || {
            let mut command = self.command("postgres");
            command.arg("-D").arg(self.data()).arg("-p").arg(self.port.to_string());
            command.arg("-k").arg(self.home.path());
            for setting in
                ["listen_addresses=127.0.0.1", "fsync=off", "full_page_writes=off", "log_min_messages=warning"]
            {
                command.args(["-c", setting]);
            }
            for setting in &self.settings {
                command.args(["-c", setting]);
            }
            let (out, err) = (log.try_clone().expect("log"), log.try_clone().expect("log"));
            command.stdin(Stdio::null()).stdout(out).stderr(err).spawn().expect("postgres starts")
        };
        let mut child = spawn();
        eventually("postgres serves", PATIENCE, || {
            // After a kill the old server's children hold its shared memory for a moment, and the new one refuses to start.
            if child.try_wait().expect("wait").is_some() {
                child = spawn();
            }
            self.psql("postgres", "SELECT 1").ok()
        });
        end_with_this_process(child.id());
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
    }

    /// Runs SQL in a database through psql and returns its rows: fields by `|`, rows by newline. The error is psql's.
    pub fn psql(&self, database: &str, sql: &str) -> Result<String, String> {
        let mut command = Command::new(self.bin.join("psql"));
        command.args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            "127.0.0.1",
            "-U",
            "postgres",
            "-d",
            database,
        ]);
        let output = command.arg("-p").arg(self.port.to_string()).arg("-c").arg(sql).output().expect("psql");
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
        } else {
            Err(format!("{}{}", String::from_utf8_lossy(&output.stderr), self.log()))
        }
    }

    /// Returns what the server has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.home.path().join("server.log")
    }

    fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command.current_dir(self.home.path()).env("LC_ALL", "C");
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command
    }
}

impl Drop for RealPostgres {
    fn drop(&mut self) {
        // SIGQUIT: at once, and with its children, which would outlive a SIGKILL and write into the deleted folder.
        if let Some(mut server) = self.server.lock().unwrap_or_else(PoisonError::into_inner).take() {
            signal("QUIT", server.id());
            let _ = server.wait();
        }
    }
}

/// Returns the processes that a process has started.
fn children(pid: u32) -> Vec<u32> {
    let listed = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    listed.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// Tells whether a process runs; one that has ended and is not yet buried does not.
fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, fields)| !fields.starts_with('Z'))
}

/// Finds the newest server in Debian's folders.
fn bin() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|v| Some((v.file_name().to_str()?.parse::<u32>().ok()?, v.path().join("bin"))))
        .filter(|(_, bin)| Path::new(bin).join("initdb").exists())
        .max();
    newest.expect("no PostgreSQL below /usr/lib/postgresql: run `make setup`").1
}

/// Returns uid and gid of the postgres user when this process is root: the server refuses to run as root.
fn unprivileged() -> Option<(u32, u32)> {
    let id = |args: &[&str]| -> Option<u32> {
        let output = Command::new("id").args(args).output().ok()?;
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    };
    if id(&["-u"]) != Some(0) {
        return None;
    }
    let user = id(&["-u", "postgres"]).zip(id(&["-g", "postgres"]));
    Some(user.expect("no user postgres: run `make setup`"))
}
