//! Looks into the sources of pure crates for what no dependency shows: a clock, the environment, a file, a socket.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::Table;

/// Returns each line of a pure crate's code that names a forbidden path.
pub fn scan(root: &Path, table: &Table) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (name, layer) in &table.layer {
        let Some(folder) = name.strip_prefix("naba-").filter(|_| table.purity.layers.contains(layer)) else { continue };
        for file in sources(&root.join("crates").join(folder).join("src"))? {
            let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
            let shown = file.strip_prefix(root).unwrap_or(&file).display().to_string();
            found.extend(
                forbidden(&text, table).map(|(line, path)| format!("{shown}:{line}: a pure crate names {path}")),
            );
        }
    }
    Ok(found)
}

/// Returns the number and the forbidden path of each line that names one. Comments and what follows `#[cfg(test)]` are free:
/// test modules stand at the end of a file, or in a file called tests.rs.
fn forbidden<'a>(text: &'a str, table: &'a Table) -> impl Iterator<Item = (usize, &'a String)> {
    let code = text.lines().enumerate().take_while(|(_, line)| line.trim() != "#[cfg(test)]");
    code.filter_map(|(i, line)| {
        let code = line.split("//").next().unwrap_or_default();
        table.purity.paths.iter().find(|path| code.contains(path.as_str())).map(|path| (i + 1, path))
    })
}

fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
            let path = entry?.path();
            let test = path.file_stem().is_some_and(|stem| stem == "tests");
            if path.is_dir() {
                folders.extend((!test).then_some(path));
            } else if path.extension().is_some_and(|e| e == "rs") && !test {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Fails when a planted line is not seen, or when a free one is.
pub fn self_test(table: &Table) -> Result<()> {
    let seen = forbidden("fn now() {\n    std::time::SystemTime::now();\n}\n", table).count();
    let free = forbidden("// not SystemTime::now\n#[cfg(test)]\nmod tests { use std::fs; }\n", table).count();
    if (seen, free) != (1, 0) {
        bail!(
            "self-test: a clock in a pure crate was seen {seen} times (wanted 1), a free line {free} times (wanted 0)"
        );
    }
    Ok(())
}
