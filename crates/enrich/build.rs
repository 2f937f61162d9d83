//! Lists the data files of `data/cues`, `data/stopwords`, `data/expressions` and `data/topics`, so that a new language needs a file and no Rust.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let data = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("data");
    let mut code = String::new();
    for (name, folder) in
        [("CUES", "cues"), ("STOPWORDS", "stopwords"), ("EXPRESSIONS", "expressions"), ("TOPICS", "topics")]
    {
        println!("cargo::rerun-if-changed=data/{folder}");
        list(&mut code, name, &data.join(folder))?;
    }
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("data.rs"), code)
}

fn list(code: &mut String, name: &str, folder: &Path) -> io::Result<()> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|e| e == "txt" || e == "toml"));
    files.sort();
    let _ = writeln!(code, "pub(crate) static {name}: &[(&str, &str)] = &[");
    for file in files {
        let language = file.file_stem().unwrap_or_default().to_string_lossy();
        let _ = writeln!(code, "    ({language:?}, include_str!({:?})),", file.display().to_string());
    }
    let _ = writeln!(code, "];");
    Ok(())
}
