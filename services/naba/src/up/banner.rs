//! What `naba up` says when it starts: where things are, and how to look further.

use std::fmt::Write;
use std::net::SocketAddr;

use anyhow::Result;
use naba_sink::{SinkConfig, StoreKind};

use crate::place::DataFolder;
use crate::terminal::print;

use super::demo::Demo;

/// Prints where things are. Standard output may be the sink, so then it is standard error.
pub fn print_start(
    data: &DataFolder,
    sink: &SinkConfig,
    admin: SocketAddr,
    demo: Option<&Demo>,
    is_quiet: bool,
) -> Result<()> {
    let text = start(data, sink, admin, demo.map(Demo::about), is_quiet);
    if sink.sink.store == StoreKind::Stdout {
        eprint!("{text}");
    } else {
        print(&text)?;
    }
    Ok(())
}

fn start(data: &DataFolder, sink: &SinkConfig, admin: SocketAddr, demo: Option<String>, is_quiet: bool) -> String {
    let mut out = String::from("naba is up; Ctrl-C finishes what is in hand and ends it\n");
    if let Some(about) = demo {
        let _ = writeln!(out, "  demo       {about}");
    }
    let store = match sink.sink.store {
        StoreKind::Sqlite => {
            let path = sink.sqlite.path.display();
            format!("{path}   (sqlite3 {path} 'select language, headline from visible_articles')")
        }
        StoreKind::Postgres => sink.postgres.url.clone(),
        StoreKind::Stdout => "standard output, as JSON lines".to_owned(),
    };
    let _ = writeln!(out, "  articles   {store}");
    let _ = writeln!(out, "  log        {}   (socket {})", data.log().display(), data.socket().display());
    let _ = writeln!(out, "  metrics    http://{admin}/metrics   (/livez, /readyz)");
    let option =
        if data.0.as_os_str() == "naba-data" { String::new() } else { format!(" --data {}", data.0.display()) };
    let _ = writeln!(
        out,
        "  look       naba tail{option} · naba dlq list{option} · naba sources list{option} · naba topics{option}"
    );
    out.push_str(if is_quiet { "\n" } else { "\nArticles as they come:\n\n" });
    out
}
